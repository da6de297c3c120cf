// Takes a lock, works under it, gives it back.
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

    // Hand guard.signal to what takes time: it aborts if the lock is lost. And send guard.token along with what you
    // write, so that the receiver can refuse a holder whose time is over.
    await sleep(100, undefined, { signal: guard.signal })

    guard.check() // throws LockLostError if the lock is not ours any more
    console.log('done')
  } finally {
    await guard.release()
  }
} catch (error) {
  if (!(error instanceof AcquireTimeoutError)) throw error
  console.log('somebody else held the lock for 10 seconds')
} finally {
  await client.close()
}
