// Keeps lookups of missing keys away from a database.
//
//     ZKCOORD_HOSTS=zk1:2181,zk2:2181 node examples/absent_keys.mjs
//
// Caches do not stop such lookups, because there is no value to cache. Here the second miss of a key within a minute makes
// it absent for all processes, for half a minute. Prints:
//     100 lookups of a missing user, 2 queries
//     found Ann

import { randomUUID } from 'node:crypto'
import { connect } from 'zkcoord'

const database = new Map()
let queries = 0

async function findUser(id) {
  queries++ // here goes SELECT ... WHERE id = ?
  return database.get(id)
}

const client = await connect(process.env.ZKCOORD_HOSTS ?? 'localhost:2181')
try {
  const users = client.missGuard('/examples/absent-users', { threshold: 2, window: 60_000, hold: 30_000 })
  const id = randomUUID()

  // A program with a cache asks it first, and puts the users that are found into it.
  for (let n = 0; n < 100; n++) {
    const user = await users.load(id, findUser, { timeout: 10_000 })
    if (user !== null) throw new Error('there is no such user')
  }
  console.log(`100 lookups of a missing user, ${queries} queries`)

  // A program that creates a user calls forget() after that, so that the user is found before the half minute is over.
  database.set(id, { name: 'Ann' })
  await users.forget(id)
  const user = await users.load(id, findUser, { timeout: 10_000 })
  console.log(`found ${user.name}`)
} finally {
  await client.close()
}
