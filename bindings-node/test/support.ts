// What all tests share: one real server for each file, and for each test a chroot and clients of its own.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { type Client, type ConnectOptions, connect } from 'zkcoord'

import { Kit, type ZooKeeper } from '../../tests/kit/node/testkit.mjs'

export interface World {
  zookeeper: ZooKeeper
  /** Address and chroot, for code that connects by itself. */
  hosts: string
  chroot: string
  /** A client that is closed after the test. */
  client(options?: ConnectOptions): Promise<Client>
  /** The names below a path of the chroot; none when it is missing. */
  children(path: string): Promise<string[]>
}

let kit: Kit | undefined
let shared: Promise<ZooKeeper> | undefined

after(() => kit?.close())

function server(): Promise<ZooKeeper> {
  kit ??= new Kit()
  return (shared ??= kit.zookeeper({ tickMs: 250 }))
}

/** A test in a world of its own, bounded by 30 s. */
export function scenario(name: string, run: (world: World) => Promise<void>): void {
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
    try {
      await run({ zookeeper, hosts, chroot, client, children })
    } finally {
      await Promise.all(clients.map((client) => client.close({ timeout: 5_000 })))
    }
  })
}

/** Waits until `condition` holds; for what nobody tells. */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  what: string,
  patience = 10_000,
): Promise<void> {
  const end = Date.now() + patience
  while (!(await condition())) {
    assert(Date.now() < end, `not within ${patience} ms: ${what}`)
    await sleep(10)
  }
}

/** Waits until the signal has aborted. */
export function aborted(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(signal.reason)
    // It holds the event loop open, which the client does not.
    const timer = setTimeout(() => resolve(new Error('not aborted within 10 s')), 10_000)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve(signal.reason)
    })
  })
}

/** How long `work` took, in milliseconds. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}
