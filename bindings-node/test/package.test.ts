import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { test } from 'node:test'

import { connect } from 'zkcoord'

import native from '../native.cjs'

const read = (name: string) => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8')

test('the package has the version of the core', () => {
  assert.equal((JSON.parse(read('package.json')) as { version: string }).version, native.VERSION)
})

test('require() gives the same module where Node can require ES modules', (t) => {
  if (!('require_module' in process.features)) return t.skip()
  assert.equal((createRequire(import.meta.url)('zkcoord') as { connect: unknown }).connect, connect)
})

test('native.d.cts declares what the addon has', () => {
  const types = read('native.d.cts')
  for (const [name, value] of Object.entries(native)) {
    assert.match(types, new RegExp(`^export declare (class|function|const) ${name}\\b`, 'm'))
    const prototype = (typeof value === 'function' && (value.prototype as object | undefined)) || {}
    for (const member of Object.getOwnPropertyNames(prototype)) {
      if (member !== 'constructor') assert.match(types, new RegExp(`^  (get )?${member}\\(`, 'm'))
    }
  }
})
