// Builds the addon with cargo and puts it next to native.cjs. Arguments are passed on to cargo, for example --release.

import { spawnSync } from 'node:child_process'
import { copyFileSync, renameSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import platform from './platform.cjs'

const here = fileURLToPath(new URL('.', import.meta.url))
// Cargo reports the path of the library, which depends on the profile, the target and the environment.
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

// Renamed into place, so that a process that has loaded the old addon keeps it.
const addon = `${here}zkcoord.${platform}.node`
copyFileSync(library, `${addon}.new`)
renameSync(`${addon}.new`, addon)
