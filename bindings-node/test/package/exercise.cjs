// The test of the packed package, for both ways of loading it.
'use strict'

const assert = require('node:assert/strict')

exports.exercise = async ({ connect, AcquireTimeoutError, ZkcoordError }) => {
  const client = await connect(process.env.ZKCOORD_HOSTS)
  const mutex = client.mutex('/package/lock')
  const guard = await mutex.acquire({ timeout: 5_000 })
  await assert.rejects(mutex.acquire({ timeout: 10 }), (error) => {
    return error instanceof AcquireTimeoutError && error instanceof ZkcoordError
  })
  await guard.release()
  const counter = client.counter(`/package/counter-${process.pid}`)
  assert.deepEqual(await Promise.all([counter.add(), counter.add(), counter.add()]).then((values) => values.sort()), [
    1n,
    2n,
    3n,
  ])
  assert.equal(await client.locks.request('package', ({ name }) => name), 'package')
  await client.close()
}
