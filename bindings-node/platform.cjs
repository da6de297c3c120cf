// The name of this platform in the names of addons, as napi-rs forms it: for example linux-x64-gnu.
'use strict'

const abi = { linux: '-gnu', win32: '-msvc' }[process.platform] ?? ''

module.exports = `${process.platform}-${process.arch}${abi}`
