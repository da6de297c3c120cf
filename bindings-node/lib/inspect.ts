// A look at a lock's queue.

import type { Contender as NativeContender, Queue as NativeQueue } from '../native.cjs'

/** One who stands in a lock's queue. */
export interface Contender {
  /** The path of its node, below the client's chroot. {@link Client.requestRevoke} takes it. */
  node: string
  /**
   * The text in its node: the `identity` that zkcoord was told, Curator's address, kazoo's `identifier`. Or
   * `__REVOKE__`, when somebody has asked for the lock.
   */
  identity: string
  /** The session that it belongs to, like {@link Client.sessionId}; `0n` when the node is not ephemeral. */
  sessionId: bigint
  /** Whether it holds the lock or waits. */
  role: 'holder' | 'waiter'
  /** What it wants: to read, beside others that read, or to be alone. */
  mode: 'read' | 'write'
  /** Which library wrote the node, as far as its name tells. */
  library: 'zkcoord' | 'curator' | 'kazoo' | 'go-zookeeper' | 'zookeeper-recipe' | 'other'
  /** When it queued, by the server's clock. */
  waitingSince: Date
}

/** A lock's queue: its contenders, first come first. */
export interface Queue extends Array<Contender> {
  /** What is wrong with the queue, in words to act on. Empty when all in it can see each other. */
  warnings: string[]
}

/** @internal */
export function toQueue({ contenders, warnings }: NativeQueue): Queue {
  return Object.assign(contenders.map(toContender), { warnings })
}

function toContender({ isHolder, isReader, library, waitingSince, ...rest }: NativeContender): Contender {
  return {
    ...rest,
    role: isHolder ? 'holder' : 'waiter',
    mode: isReader ? 'read' : 'write',
    library: library as Contender['library'],
    waitingSince: new Date(waitingSince),
  }
}
