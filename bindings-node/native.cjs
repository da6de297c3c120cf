// Loads the addon of this platform: the one built beside this file, else the one in the package zkcoord-<platform>.
'use strict'

const platform = require('./platform.cjs')

function load() {
  const missing = []
  for (const name of [`./zkcoord.${platform}.node`, `zkcoord-${platform}`]) {
    try {
      return require(name)
    } catch (error) {
      // One that is there and does not load says itself what is wrong with it.
      if (error.code !== 'MODULE_NOT_FOUND') throw error
      missing.push(name)
    }
  }
  const problem = `zkcoord has no addon for ${platform}: neither ${missing.join(' nor ')} is there.`
  throw new Error(`${problem} In a clone of the repository, build it: npm ci && npm run build`)
}

module.exports = load()
