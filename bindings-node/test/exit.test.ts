// How a process ends, and what it leaves behind. Each test runs a process of its own.

import assert from 'node:assert/strict'

import { quietly, run } from './process.js'
import { eventually, scenario, timed, type World } from './support.js'

scenario('process.exit with work pending does no harm', async ({ hosts, client }) => {
  const guard = await (await client()).mutex('/lock').acquire()
  for (const delay of [0, 1, 5, 50]) {
    const { ended } = run(
      hosts,
      `
      client.onState(() => {})
      const other = await client.mutex('/other${delay}').acquire()
      for (let n = 0; n < 20; n++) {
        mutex.acquire()
        client.counter('/counter').add()
        connect(hosts)
      }
      setTimeout(() => process.exit(7), ${delay})`,
    )
    assert.deepEqual(await ended, quietly('', 7))
  }
  guard.check()
})

/** What a process leaves that holds `/lock` and waits for `/taken`, and then does `what`. */
async function endsBy(world: World, what: string) {
  const guard = await (await world.client()).mutex('/taken').acquire()
  const { ended } = run(
    world.hosts,
    `
    await mutex.acquire()
    await client.semaphore('/limit', { permits: 1 }).acquire()
    client.stripedCounter('/striped', { flushInterval: 3_600_000 }).add(5)
    client.mutex('/taken').acquire().catch(() => {})
    await client.counter('/counter').add()
    ${what}`,
  )
  const outcome = await ended
  // Long before the session timeout.
  await eventually(
    async () => {
      const left = [
        await world.children('/lock'),
        await world.children('/limit/leases'),
        await world.children('/taken'),
      ]
      return String(left.map(({ length }) => length)) === '0,0,1'
    },
    'nothing is left',
    3_000,
  )
  assert.equal(await (await world.client()).stripedCounter('/striped').sum(), 5n)
  guard.check()
  return outcome
}

scenario('process.exit gives back at once what is held', async (world) => {
  assert.deepEqual(await endsBy(world, 'process.exit(7)'), quietly('', 7))
})

scenario('so does an uncaught exception', async (world) => {
  const { code, signal, errors } = await endsBy(world, `setTimeout(() => { throw new Error('broken') })`)
  assert.deepEqual([code, signal], [1, null])
  assert.match(errors, /Error: broken/)
})

scenario('so does an unhandled rejection', async (world) => {
  const { code, signal, errors } = await endsBy(world, `Promise.reject(new Error('broken'))`)
  assert.deepEqual([code, signal], [1, null])
  assert.match(errors, /Error: broken/)
})

scenario('so does an end by itself', async ({ hosts, children }) => {
  const { ended } = run(
    hosts,
    `
    await mutex.acquire()
    process.on('exit', () => console.log('the end'))`,
  )
  assert.deepEqual(await ended, quietly('the end\n'))
  await eventually(async () => (await children('/lock')).length === 0, 'nothing is left', 3_000)
})

scenario('a process that is killed leaves nothing after the session timeout', async ({ hosts, children, client }) => {
  const { child, ended, output } = run(
    hosts,
    `
    await mutex.acquire()
    client.mutex('/taken').acquire()
    console.log('held')
    setInterval(() => {}, 1_000)`,
  )
  const guard = await (await client()).mutex('/taken').acquire()
  await eventually(async () => output() === 'held\n' && (await children('/taken')).length === 2, 'it holds and waits')
  child.kill('SIGKILL')
  assert.equal((await ended).signal, 'SIGKILL')
  await eventually(async () => (await children('/lock')).length === 0, 'nothing is left', 12_000)
  await eventually(async () => (await children('/taken')).length === 1, 'nothing is left', 12_000)
  guard.check()
})

scenario('a server that does not answer holds the end up for half a second at most', async ({ hosts, zookeeper }) => {
  const { child, ended, output } = run(
    hosts,
    `
    await mutex.acquire()
    console.log('held')
    process.on('SIGUSR2', () => process.exit(3))
    setInterval(() => {}, 1_000)`,
  )
  await eventually(() => output() === 'held\n', 'it holds')
  await zookeeper.pause(0)
  try {
    const took = await timed(async () => {
      child.kill('SIGUSR2')
      assert.deepEqual(await ended, quietly('held\n', 3))
    })
    assert(took < 10_000, `it took ${took} ms`)
  } finally {
    await zookeeper.resume(0)
  }
})

scenario('a process that has lost its server does not wait for it', async ({ hosts, zookeeper }) => {
  const { child, ended, output } = run(
    hosts,
    `
    client.onState((state) => console.log(state))
    process.on('SIGUSR2', () => process.exit(3))
    setInterval(() => {}, 1_000)
    console.log('ready')`,
  )
  await eventually(() => output() === 'ready\n', 'it is ready')
  await zookeeper.pause(0)
  try {
    await eventually(() => output() === 'ready\nsuspended\n', 'it has lost the server')
    child.kill('SIGUSR2')
    assert.equal((await ended).code, 3)
  } finally {
    await zookeeper.resume(0)
  }
})
