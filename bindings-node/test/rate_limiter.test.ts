import assert from 'node:assert/strict'

import { AcquireTimeoutError, BadDataError, InvalidArgumentError } from 'zkcoord'

import { scenario } from './support.js'

scenario('all clients together get no more permits than the limit', async ({ client }) => {
  const [limiter, other] = [await client(), await client()].map((own) => {
    return own.rateLimiter('/limit', { permits: 3, per: 3_600_000 })
  })
  assert.equal(await limiter!.acquire({ permits: 3, timeout: 5_000 }), undefined)
  assert.equal(await other!.tryAcquire({ permits: 2 }), false)
  assert.equal(await other!.tryAcquire({ timeout: 5_000 }), false)
  assert.equal(await limiter!.tryAcquire(), false)
  await assert.rejects(limiter!.acquire({ timeout: 1_000 }), AcquireTimeoutError)
  await assert.rejects(other!.acquire({ timeout: 0 }), { code: 'ERR_ZKCOORD_TIMEOUT' })
  assert.deepEqual([limiter!.stats().count, limiter!.stats().timeouts], [1, 1])
})

scenario('a waiter gets its permit, or ends with its signal', async ({ client }) => {
  const own = await client()
  const quick = own.rateLimiter('/quick', { permits: 2, per: 200, burst: 1 })
  assert.equal(await quick.tryAcquire({ timeout: 5_000 }), true)
  for (let n = 0; n < 3; n++) await quick.acquire()
  const limiter = own.rateLimiter('/slow', { permits: 1, per: 3_600_000 })
  await limiter.acquire()
  const controller = new AbortController()
  const waiting = limiter.acquire({ signal: controller.signal })
  controller.abort('enough')
  await assert.rejects(waiting, (error) => error === 'enough')
})

scenario('another limit, other data and too many permits are refused', async ({ client, zookeeper, chroot }) => {
  const own = await client()
  const limiter = own.rateLimiter('/limit', { permits: 3 })
  await assert.rejects(limiter.acquire({ permits: 4 }), InvalidArgumentError)
  await limiter.acquire()
  await assert.rejects(own.rateLimiter('/limit', { permits: 3, per: 2_000 }).tryAcquire(), InvalidArgumentError)
  await zookeeper.observer.create(`${chroot}/other`, Uint8Array.of(1, 2, 3))
  await assert.rejects(own.rateLimiter('/other', { permits: 3 }).acquire(), BadDataError)
  for (const permits of [0, -1, 1.5, NaN, 2 ** 32, '1', 1n, null]) {
    const refused = { name: 'InvalidArgumentError', message: /^permits / }
    await assert.rejects(limiter.acquire({ permits: permits as never }), refused)
    await assert.rejects(limiter.tryAcquire({ permits: permits as never }), refused)
  }
})
