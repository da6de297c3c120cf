// Which objects and calls keep a process alive. Each test runs its own process. See exit.test.ts for the end of a process.

import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'

import { endsWith, run } from './process.js'
import { eventually, scenario } from './support.js'

scenario('an idle client and a held guard do not keep a process alive', async ({ hosts }) => {
  const { ended } = run(
    hosts,
    `
    client.onState(() => {})
    const guard = await mutex.acquire()
    guard.signal.addEventListener('abort', () => {})
    guard.onRevoke(() => {})
    const permit = await client.semaphore('/limit', { permits: 1 }).acquire()
    const both = await client.multiMutex(['/a', '/b']).acquire()
    const reading = await client.rwLock('/rw').read.acquire()
    const watch = client.counter('/counter').watch()
    await watch.next()
    client.stripedCounter('/striped', { flushInterval: 3_600_000 }).add()
    console.log('held')`,
  )
  assert.deepEqual(await ended, endsWith('held\n'))
})

scenario('a pending call keeps a process alive', async ({ hosts, client, children }) => {
  const guard = await (await client()).mutex('/lock').acquire()
  const { child, ended } = run(hosts, `mutex.acquire().then((guard) => console.log(guard.isHeld))`)
  await eventually(async () => (await children('/lock')).length === 2, 'the child waits')
  await sleep(300)
  assert.equal(child.exitCode, null)
  await guard.release()
  assert.deepEqual(await ended, endsWith('true\n'))
})

scenario('a loop over a watch keeps a process alive until the loop ends', async ({ hosts, client }) => {
  const { child, ended, output } = run(
    hosts,
    `
    for await (const value of client.counter('/counter').watch()) {
      console.log(value)
      if (value === 1n) break
    }`,
  )
  await eventually(() => output() === '0n\n', 'the child watches')
  await sleep(300)
  assert.equal(child.exitCode, null)
  await (await client()).counter('/counter').increment()
  assert.deepEqual(await ended, endsWith('0n\n1n\n'))
})

scenario('connecting keeps a process alive', async ({ hosts }) => {
  const { ended } = run(
    hosts,
    `
    connect('127.0.0.1:1', { connectTimeout: 500 }).catch((error) => console.log(error.code))`,
  )
  assert.deepEqual(await ended, endsWith('ERR_ZKCOORD_CONNECTION_LOST\n'))
})

scenario('a guard that is garbage collected releases its lock, with a warning', async ({ hosts, client }) => {
  const { ended } = run(
    hosts,
    `
    import { setTimeout as sleep } from 'node:timers/promises'
    process.on('warning', ({ name, code, message }) => console.log(name, code, message.includes('/lock/')))
    await (async () => {
      const guard = await mutex.acquire()
      guard.onRevoke(() => guard.release())
    })()
    for (let n = 0; n < 100; n++) {
      await sleep(10)
      gc()
    }
    await (await mutex.acquire({ timeout: 5_000 })).release()
    console.log('free')`,
    '--expose-gc',
    '--no-warnings',
  )
  assert.deepEqual(await ended, endsWith('ZkcoordWarning ZKCOORD_GUARD_FORGOTTEN true\nfree\n'))
  await (await (await client()).mutex('/lock').acquire({ timeout: 0 })).release()
})

scenario('a listener of onRevoke is not collected before its guard', async ({ hosts, client }) => {
  const { ended, output } = run(
    hosts,
    `
    import { setTimeout as sleep } from 'node:timers/promises'
    const guard = await mutex.acquire()
    guard.onRevoke(() => guard.release().then(() => console.log('released')))
    for (let n = 0; n < 20; n++) {
      await sleep(10)
      gc()
    }
    console.log(guard.node)
    while (guard.isHeld) await sleep(10)`,
    '--expose-gc',
  )
  await eventually(() => output() !== '', 'the child has run its garbage collections')
  const node = output().trim()
  assert(await (await client()).requestRevoke(node))
  assert.deepEqual(await ended, endsWith(`${node}\nreleased\n`))
})

scenario('a released or lost guard is garbage collected without a warning', async ({ hosts }) => {
  const { ended } = run(
    hosts,
    `
    import { setTimeout as sleep } from 'node:timers/promises'
    await (async () => (await mutex.acquire()).release())()
    await (async () => void (await mutex.acquire()))()
    await client.close()
    for (let n = 0; n < 20; n++) {
      await sleep(10)
      gc()
    }
    console.log('done')`,
    '--expose-gc',
  )
  assert.deepEqual(await ended, endsWith('done\n'))
})

scenario('a pending call survives a garbage collection', async ({ hosts, client, children }) => {
  const guard = await (await client()).mutex('/lock').acquire()
  const { ended, output } = run(
    hosts,
    `
    import { setTimeout as sleep } from 'node:timers/promises'
    const waiting = mutex.acquire().then(() => console.log('got it'), (error) => console.log(error.code))
    for (let n = 0; n < 20; n++) {
      await sleep(10)
      gc()
    }
    console.log('waiting')
    await waiting`,
    '--expose-gc',
  )
  await eventually(() => output() === 'waiting\n', 'the child has run its garbage collections')
  assert.equal((await children('/lock')).length, 2)
  await guard.release()
  assert.deepEqual(await ended, endsWith('waiting\ngot it\n'))
})

scenario('a callback of client.locks that never ends keeps its lock', async ({ hosts, client, children }) => {
  const { ended, output } = run(
    hosts,
    `
    import { setTimeout as sleep } from 'node:timers/promises'
    client.locks.request('leader', () => new Promise(() => {}))
    for (let n = 0; n < 40; n++) {
      await sleep(10)
      gc()
    }
    console.log('leads')
    await mutex.acquire()`,
    '--expose-gc',
  )
  const guard = await (await client()).mutex('/lock').acquire()
  await eventually(() => output() === 'leads\n', 'the child has run its garbage collections')
  assert.equal((await children('/locks/leader')).length, 1)
  await guard.release()
  assert.deepEqual(await ended, endsWith('leads\n'))
})
