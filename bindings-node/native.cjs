// Loads the addon of this platform: the one that was built next to this file, or else the package zkcoord-<platform>.
'use strict'

const platform = require('./platform.cjs')

function load() {
  const missing = []
  for (const name of [`./zkcoord.${platform}.node`, `zkcoord-${platform}`]) {
    try {
      return require(name)
    } catch (error) {
      // An addon that exists but does not load has the more useful error.
      if (error.code !== 'MODULE_NOT_FOUND') throw error
      missing.push(name)
    }
  }
  const problem = `zkcoord has no native addon for ${platform}: neither ${missing.join(' nor ')} exists.`
  throw new Error(`${problem} Build it in a checkout of the repository: cd bindings-node && npm ci && npm run build`)
}

module.exports = load()
