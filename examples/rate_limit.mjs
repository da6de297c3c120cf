// Calls an API no faster than it allows, also if several processes do so at the same time.
//
//     ZKCOORD_HOSTS=zk1:2181,zk2:2181 node examples/rate_limit.mjs
//
// If several run at the same time, they make at most 5 calls in any second together. A single one prints:
//     10 calls went through, never more than 5 in a second

import { AcquireTimeoutError, connect } from 'zkcoord'

const client = await connect(process.env.ZKCOORD_HOSTS ?? 'localhost:2181')
try {
  // All clients that share the path must give the same numbers.
  const limiter = client.rateLimiter('/examples/api-limit', { permits: 5, per: 1_000 })
  let calls = 0

  // Waits for a permit, for at most 30 seconds.
  async function callApi() {
    await limiter.acquire({ timeout: 30_000 })
    calls++ // here goes fetch('https://api.example.com/...')
  }

  await Promise.all(Array.from({ length: 10 }, callApi))
  console.log(`${calls} calls went through, never more than 5 in a second`)

  // A server that must not let its own clients wait calls tryAcquire() instead, and answers 429 if no permit is free:
  //     if (!(await limiter.tryAcquire())) return response.writeHead(429).end()
} catch (error) {
  if (!(error instanceof AcquireTimeoutError)) throw error
  console.log('too many calls by other processes: no permit within 30 seconds')
} finally {
  await client.close()
}
