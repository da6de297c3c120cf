// What the addon of this platform is called: linux-x64-gnu, as napi-rs has it.
'use strict'

const abi = { linux: '-gnu', win32: '-msvc' }[process.platform] ?? ''

module.exports = `${process.platform}-${process.arch}${abi}`
