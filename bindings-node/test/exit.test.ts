// The end of a process, and the nodes that it leaves. Each test runs its own process.

import assert from 'node:assert/strict'

import { endsWith, run } from './process.js'
import { eventually, scenario, type TestContext, timed } from './support.js'

scenario('process.exit with pending calls ends the process normally', async ({ hosts, client }) => {
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
    assert.deepEqual(await ended, endsWith('', 7))
  }
  guard.check()
})

/** Runs a process that holds `/lock`, waits for `/taken` and then runs `code`. Expects that it leaves no nodes. */
async function endsBy(context: TestContext, code: string) {
  const guard = await (await context.client()).mutex('/taken').acquire()
  const { ended } = run(
    context.hosts,
    `
    await mutex.acquire()
    await client.semaphore('/limit', { permits: 1 }).acquire()
    client.stripedCounter('/striped', { flushInterval: 3_600_000 }).add(5)
    client.mutex('/taken').acquire().catch(() => {})
    await client.counter('/counter').add()
    ${code}`,
  )
  const outcome = await ended
  // The time limit is well below the session timeout.
  await eventually(
    async () => {
      const left = [
        await context.children('/lock'),
        await context.children('/limit/leases'),
        await context.children('/taken'),
      ]
      return String(left.map(({ length }) => length)) === '0,0,1'
    },
    'nothing is left',
    3_000,
  )
  assert.equal(await (await context.client()).stripedCounter('/striped').sum(), 5n)
  guard.check()
  return outcome
}

scenario('process.exit releases all locks at once', async (context) => {
  assert.deepEqual(await endsBy(context, 'process.exit(7)'), endsWith('', 7))
})

scenario('an uncaught exception releases all locks at once', async (context) => {
  const { code, signal, errors } = await endsBy(context, `setTimeout(() => { throw new Error('broken') })`)
  assert.deepEqual([code, signal], [1, null])
  assert.match(errors, /Error: broken/)
})

scenario('an unhandled rejection releases all locks at once', async (context) => {
  const { code, signal, errors } = await endsBy(context, `Promise.reject(new Error('broken'))`)
  assert.deepEqual([code, signal], [1, null])
  assert.match(errors, /Error: broken/)
})

scenario('a normal end of the process releases all locks at once', async ({ hosts, children }) => {
  const { ended } = run(
    hosts,
    `
    await mutex.acquire()
    process.on('exit', () => console.log('the end'))`,
  )
  assert.deepEqual(await ended, endsWith('the end\n'))
  await eventually(async () => (await children('/lock')).length === 0, 'nothing is left', 3_000)
})

scenario('a killed process loses its locks after the session timeout', async ({ hosts, children, client }) => {
  const { child, ended, output } = run(
    hosts,
    `
    await mutex.acquire()
    client.mutex('/taken').acquire()
    console.log('held')
    setInterval(() => {}, 1_000)`,
  )
  const guard = await (await client()).mutex('/taken').acquire()
  await eventually(
    async () => output() === 'held\n' && (await children('/taken')).length === 2,
    'the process holds and waits',
  )
  child.kill('SIGKILL')
  assert.equal((await ended).signal, 'SIGKILL')
  await eventually(async () => (await children('/lock')).length === 0, 'nothing is left', 12_000)
  await eventually(async () => (await children('/taken')).length === 1, 'nothing is left', 12_000)
  guard.check()
})

scenario('a silent server delays the end of a process by half a second', async ({ hosts, zookeeper }) => {
  const { child, ended, output } = run(
    hosts,
    `
    await mutex.acquire()
    console.log('held')
    process.on('SIGUSR2', () => process.exit(3))
    setInterval(() => {}, 1_000)`,
  )
  await eventually(() => output() === 'held\n', 'the process holds the lock')
  await zookeeper.pause(0)
  try {
    const took = await timed(async () => {
      child.kill('SIGUSR2')
      assert.deepEqual(await ended, endsWith('held\n', 3))
    })
    assert(took < 10_000, `it took ${took} ms`)
  } finally {
    await zookeeper.resume(0)
  }
})

scenario('a process without a connection ends without a delay', async ({ hosts, zookeeper }) => {
  const { child, ended, output } = run(
    hosts,
    `
    client.onState((state) => console.log(state))
    process.on('SIGUSR2', () => process.exit(3))
    setInterval(() => {}, 1_000)
    console.log('ready')`,
  )
  await eventually(() => output() === 'ready\n', 'the process is ready')
  await zookeeper.pause(0)
  try {
    await eventually(() => output() === 'ready\nsuspended\n', 'the process has lost the server')
    child.kill('SIGUSR2')
    assert.equal((await ended).code, 3)
  } finally {
    await zookeeper.resume(0)
  }
})
