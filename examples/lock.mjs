// Acquires a lock, works while it is held, and releases it.
//
//     ZKCOORD_HOSTS=zk1:2181,zk2:2181 node examples/lock.mjs
//
// Prints, with a larger number each time:
//     holding /examples/lock with fencing token 4294967307
//     done

import { setTimeout as sleep } from 'node:timers/promises'
import { AcquireTimeoutError, connect } from 'zkcoord'

const client = await connect(process.env.ZKCOORD_HOSTS ?? 'localhost:2181')
try {
  const guard = await client.mutex('/examples/lock').acquire({ timeout: 10_000 })
  try {
    console.log(`holding /examples/lock with fencing token ${guard.token}`)

    // Pass guard.signal to calls that take time: it aborts if the lock is lost. Send guard.token along with every write,
    // so that the receiver can refuse a holder that is too late.
    await sleep(100, undefined, { signal: guard.signal })

    guard.check() // throws LockLostError if the lock is lost
    console.log('done')
  } finally {
    await guard.release()
  }
} catch (error) {
  if (!(error instanceof AcquireTimeoutError)) throw error
  console.log('another client held the lock for 10 seconds')
} finally {
  await client.close()
}
