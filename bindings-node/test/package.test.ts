import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { test } from 'node:test'

import { connect } from 'zkcoord'

import native from '../native.cjs'

const read = (name: string) => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8')

test('the package has the version of the core', () => {
  assert.equal((JSON.parse(read('package.json')) as { version: string }).version, native.VERSION)
})

test('the packages of the other platforms have the same version and the names that the loader expects', () => {
  const { version, license, engines } = JSON.parse(read('package.json')) as Record<string, unknown>
  const platforms = readdirSync(new URL('../npm', import.meta.url))
  assert.deepEqual(platforms.sort(), ['darwin-arm64', 'darwin-x64', 'linux-arm64-gnu'])
  for (const platform of platforms) {
    const own = JSON.parse(read(`npm/${platform}/package.json`)) as Record<string, unknown>
    assert.deepEqual([own.name, own.main], [`zkcoord-${platform}`, `zkcoord.${platform}.node`])
    assert.deepEqual([own.version, own.license, own.engines], [version, license, engines])
  }
})

test('the package runs no scripts when it is installed', () => {
  const { scripts, dependencies } = JSON.parse(read('package.json')) as Record<string, Record<string, string>>
  for (const name of ['preinstall', 'install', 'postinstall', 'prepare']) assert(!(name in scripts!), name)
  assert.equal(dependencies, undefined)
})

test('require() returns the same module if Node can require ES modules', (t) => {
  if (!('require_module' in process.features)) return t.skip()
  assert.equal((createRequire(import.meta.url)('zkcoord') as { connect: unknown }).connect, connect)
})

test('native.d.cts declares everything that the addon exports', () => {
  const types = read('native.d.cts')
  for (const [name, value] of Object.entries(native)) {
    assert.match(types, new RegExp(`^export declare (class|function|const) ${name}\\b`, 'm'))
    const prototype = (typeof value === 'function' && (value.prototype as object | undefined)) || {}
    for (const member of Object.getOwnPropertyNames(prototype)) {
      if (member !== 'constructor') assert.match(types, new RegExp(`^  (get )?${member}\\(`, 'm'))
    }
  }
})
