// Calls an API no faster than its owner allows, however many processes of a fleet do so at once.
//
//     ZKCOORD_HOSTS=zk1:2181,zk2:2181 node examples/rate_limit.mjs
//
// Run several at once: together they make at most 5 calls in any second. Prints, for one alone:
//     10 calls went through, never more than 5 in a second

import { AcquireTimeoutError, connect } from 'zkcoord'

const client = await connect(process.env.ZKCOORD_HOSTS ?? 'localhost:2181')
try {
  // Everyone who shares the path gives the same numbers.
  const limiter = client.rateLimiter('/examples/api-limit', { permits: 5, per: 1_000 })
  let calls = 0

  // Waits for its turn, but not for ever.
  async function callApi() {
    await limiter.acquire({ timeout: 30_000 })
    calls++ // here goes fetch('https://api.example.com/...')
  }

  await Promise.all(Array.from({ length: 10 }, callApi))
  console.log(`${calls} calls went through, never more than 5 in a second`)

  // A server that must not keep its own clients waiting asks instead, and answers 429 to those for whom none is left:
  //     if (!(await limiter.tryAcquire())) return response.writeHead(429).end()
} catch (error) {
  if (!(error instanceof AcquireTimeoutError)) throw error
  console.log('too many calls by the others: no turn within 30 seconds')
} finally {
  await client.close()
}
