// Builds the addon with cargo, whose arguments may follow (--release), and puts it beside native.cjs.

import { spawnSync } from 'node:child_process'
import { copyFileSync, renameSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import platform from './platform.cjs'

const here = fileURLToPath(new URL('.', import.meta.url))
// Cargo says itself where it has put the library: it depends on the profile, the target and the environment.
const args = ['build', '--package', 'zkcoord-node', '--message-format', 'json-render-diagnostics']
const cargo = spawnSync('cargo', [...args, ...process.argv.slice(2)], {
  cwd: here,
  encoding: 'utf8',
  maxBuffer: 2 ** 28,
  stdio: ['ignore', 'pipe', 'inherit'],
})
if (cargo.error) throw cargo.error
if (cargo.status !== 0) process.exit(1)

const messages = cargo.stdout
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line))
const built = messages.find(({ reason, target }) => reason === 'compiler-artifact' && target.name === 'zkcoord_node')
const library = built.filenames.find((name) => /\.(so|dylib|dll)$/.test(name))

// Renamed into place: a process that has the old one loaded keeps it.
const addon = `${here}zkcoord.${platform}.node`
copyFileSync(library, `${addon}.new`)
renameSync(`${addon}.new`, addon)
