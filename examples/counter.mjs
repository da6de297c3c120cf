// Counts exactly how often it was run, also if several run at the same time.
//
//     ZKCOORD_HOSTS=zk1:2181,zk2:2181 node examples/counter.mjs
//
// Prints, with a number larger by one each time:
//     this is run number 1

import { connect } from 'zkcoord'

const client = await connect(process.env.ZKCOORD_HOSTS ?? 'localhost:2181')
try {
  const hits = client.counter('/examples/hits')
  const number = await hits.increment({ timeout: 10_000 }) // a bigint
  console.log(`this is run number ${number}`)
} finally {
  await client.close()
}
