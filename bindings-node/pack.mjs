// Runs before `npm pack`: builds the addon for release without symbols, builds dist/ again, and copies the licence.

import { spawnSync } from 'node:child_process'
import { copyFileSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import platform from './platform.cjs'

const here = fileURLToPath(new URL('.', import.meta.url))

function run(command, ...args) {
  // Standard output belongs to npm, which prints the name of the tarball there.
  const { error, status } = spawnSync(command, args, { cwd: here, stdio: ['ignore', 2, 'inherit'] })
  if (error) throw error
  if (status !== 0) process.exit(1)
}

run(process.execPath, 'build.mjs', '--release')
run('strip', '--strip-unneeded', `zkcoord.${platform}.node`)
rmSync(`${here}dist`, { recursive: true, force: true })
run(process.execPath, 'node_modules/typescript/bin/tsc')
copyFileSync(`${here}../LICENSE`, `${here}LICENSE`)
