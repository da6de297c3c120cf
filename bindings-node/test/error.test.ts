import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as zkcoord from 'zkcoord'

import native from '../native.cjs'

type ErrorClass = new (message?: string) => zkcoord.ZkcoordError

const classes = Object.entries(zkcoord).filter(([name]) => name.endsWith('Error') && name !== 'ZkcoordError')

test('there is a class for each code of the core, and no other', () => {
  const ours = classes.map(([name, Class]) => [new (Class as ErrorClass)().code, name])
  const core = native.errorTable().map((row) => [row.code, row.class.replace(/(Error)?$/, 'Error')])
  assert.equal(core.length, 17)
  assert.deepEqual(Object.fromEntries(ours), Object.fromEntries(core))
  assert.equal(ours.length, core.length)
})

test('errors are like those of Node', () => {
  const cause = new Error('why')
  const error = new zkcoord.LockLostError('it is gone', { cause })
  assert(error instanceof zkcoord.ZkcoordError && error instanceof Error)
  assert.equal(error.name, 'LockLostError')
  assert.equal(String(error), 'LockLostError: it is gone')
  assert.equal(error.code, 'ERR_ZKCOORD_LOCK_LOST')
  assert.equal(error.cause, cause)
  assert.match(error.stack ?? '', /^LockLostError: it is gone\n/)
  assert.deepEqual(Object.keys(error), ['code'])
})
