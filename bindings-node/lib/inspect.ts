// The queue of a lock, as `inspect` returns it.

import type { Contender as NativeContender, Queue as NativeQueue } from '../native.cjs'

/** A holder or a waiter in the queue of a lock. */
export interface Contender {
  /** The path of its node, below the client's chroot, for {@link Client.requestRevoke}. */
  node: string
  /**
   * The text in its node: {@link ConnectOptions.identity} of zkcoord, the address of a Curator client, or `identifier` of
   * kazoo. `__REVOKE__` if a release of the lock was requested.
   */
  identity: string
  /** The id of its session, as {@link Client.sessionId}; `0n` if the node is not ephemeral. */
  sessionId: bigint
  /** `'holder'` if it holds the lock, `'waiter'` if it waits. */
  role: 'holder' | 'waiter'
  /** `'read'` if it shares the lock with other readers, `'write'` if it holds the lock alone. */
  mode: 'read' | 'write'
  /** The library that wrote the node, as far as the node's name tells. */
  library: 'zkcoord' | 'curator' | 'kazoo' | 'go-zookeeper' | 'zookeeper-recipe' | 'other'
  /** The time when it queued, by the server's clock. */
  waitingSince: Date
}

/** The queue of a lock: its contenders in the order of arrival. */
export interface Queue extends Array<Contender> {
  /** Problems of the queue, with what to do about them. Empty if all contenders see each other. */
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
