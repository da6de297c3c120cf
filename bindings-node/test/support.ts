// Shared by all tests: one real server for each file, and for each test its own chroot and clients.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { type Client, type ConnectOptions, connect, type Guard } from 'zkcoord'

import { type HostileServer, Kit, type ZooKeeper } from '../../tests/kit/node/testkit.mjs'

/** The server, the chroot and the clients of one test. */
export interface TestContext {
  zookeeper: ZooKeeper
  /** The address and the chroot, for code that connects by itself. */
  hosts: string
  chroot: string
  /** Connects a client that is closed after the test. */
  client(options?: ConnectOptions): Promise<Client>
  /** Returns the names of the children of a path below the chroot; none if it is missing. */
  children(path: string): Promise<string[]>
  /** Starts a server that forges one answer of `upstream`. */
  hostile(upstream: string, attack: string): Promise<HostileServer>
}

let kit: Kit | undefined
let shared: Promise<ZooKeeper> | undefined

after(() => kit?.close())

function theKit(): Kit {
  kit ??= new Kit()
  return kit
}

function server(): Promise<ZooKeeper> {
  shared ??= theKit().zookeeper({ tickMs: 250 })
  return shared
}

/** Defines a test with its own chroot and clients, bounded by 30 s. */
export function scenario(name: string, run: (context: TestContext) => Promise<void>): void {
  test(name, { timeout: 30_000 }, async () => {
    const zookeeper = await server()
    const chroot = `/test-${randomUUID()}`
    const hosts = zookeeper.hosts + chroot
    const clients: Client[] = []
    const client = async (options?: ConnectOptions) => {
      const client = await connect(hosts, options)
      clients.push(client)
      return client
    }
    const children = async (path: string) => (await zookeeper.observer.children(chroot + path)) ?? []
    const hostile = (upstream: string, attack: string) => theKit().hostileServer(upstream, attack)
    try {
      await run({ zookeeper, hosts, chroot, client, children, hostile })
    } finally {
      await Promise.all(clients.map((client) => client.close({ timeout: 5_000 })))
    }
  })
}

/** Polls until `condition` holds, for changes that nothing notifies of. */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  expected: string,
  timeout = 10_000,
): Promise<void> {
  const end = Date.now() + timeout
  while (!(await condition())) {
    assert(Date.now() < end, `not within ${timeout} ms: ${expected}`)
    await sleep(10)
  }
}

/** Waits until the signal has aborted, and returns its reason. */
export function aborted(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(signal.reason)
    // The timer keeps the process alive, which the client does not.
    const timer = setTimeout(() => resolve(new Error('not aborted within 10 s')), 10_000)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve(signal.reason)
    })
  })
}

/** Acquires with a signal that aborts after `delay` milliseconds, and releases a lock that was granted before. */
export async function acquireAndAbort(
  acquire: (options: { signal: AbortSignal }) => Promise<Guard>,
  delay: number,
): Promise<void> {
  const controller = new AbortController()
  const waiting = acquire({ signal: controller.signal })
  setTimeout(() => controller.abort('too late'), delay)
  const guard = await waiting.catch((error: unknown) => assert.equal(error, 'too late'))
  await guard?.release()
}

/** Returns the time that `work` takes, in milliseconds. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}
