// Types of testkit.mjs. Times are in milliseconds.

export type Op =
  | 'connect'
  | 'create'
  | 'delete'
  | 'exists'
  | 'get_data'
  | 'set_data'
  | 'get_children'
  | 'sync'
  | 'multi'
  | 'ping'
  | 'close_session'
  | 'event'
  | 'any'

export class TestkitError extends Error {}

export function findProgram(): string

export interface ServerOptions {
  nodes?: number
  tickMs?: number
  properties?: Record<string, string>
  javaOptions?: string[]
  /** Gives the servers a port for TLS too, which requires a certificate of the clients. */
  tls?: boolean
}

/** The hosts and the PEM files with which to connect by TLS. */
export interface Tls {
  /** The hosts by the name `localhost`, for which the servers' certificate is valid. It is not valid for `127.0.0.1`. */
  hosts: string
  ca: string
  cert: string
  key: string
  /** The certificate of an authority that has not signed the servers' certificate. */
  stranger: string
  stranger_key: string
}

export class Kit {
  constructor(program?: string)
  call(name: string, args?: Record<string, unknown>): Promise<unknown>
  zookeeper(options?: ServerOptions): Promise<ZooKeeper>
  proxy(upstream: string): Promise<Proxy>
  hostileServer(upstream: string, attack: string): Promise<HostileServer>
  observer(hosts: string): Observer
  close(): Promise<void>
}

/** A server that forges one answer. */
export interface HostileServer {
  address: string
  /** Resolves to whether the forged answer was sent. */
  fired(): Promise<unknown>
  close(): Promise<unknown>
}

export class ZooKeeper {
  readonly hosts: string
  readonly tls: Tls | null
  readonly observer: Observer
  host(node: number): string
  kill(node: number): Promise<void>
  startNode(node: number): Promise<void>
  pause(node: number): Promise<void>
  resume(node: number): Promise<void>
  leader(): Promise<number>
  mode(node: number): Promise<string | null>
  pid(node: number): Promise<number | null>
  log(node: number): Promise<string>
  waitReady(ms?: number): Promise<void>
  expire(sessionId: bigint | string): Promise<void>
  close(): Promise<void>
}

export interface Frame {
  connection: number
  direction: 'request' | 'reply'
  op: Op | 'other'
  code: number
  xid: number
  path: string | null
  error: number
  passed: boolean
  atMs: number
}

export interface Rule {
  fired(): Promise<number>
  waitFired(ms?: number): Promise<boolean>
}

export interface WaitOptions {
  direction?: 'request' | 'reply'
  path?: string | null
  count?: number
  ms?: number
}

// biome-ignore lint/suspicious/noShadowRestrictedNames: no test needs JavaScript's own Proxy
export class Proxy {
  readonly address: string
  swallowReply(op: Op, nth?: number): Promise<Rule>
  swallowRequest(op: Op, nth?: number): Promise<Rule>
  swallowRepliesAtRandom(op: Op, probability: number, seed: number): Promise<Rule>
  swallowRequestsAtRandom(op: Op, probability: number, seed: number): Promise<Rule>
  clearRules(): Promise<void>
  holdReplies(on?: boolean): Promise<void>
  holdRequests(on?: boolean): Promise<void>
  stall(on?: boolean): Promise<void>
  refuse(on?: boolean): Promise<void>
  delay(ms: number): Promise<void>
  cut(): Promise<void>
  reset(): Promise<void>
  frames(): Promise<Frame[]>
  clearFrames(): Promise<void>
  connections(): Promise<number>
  waitFor(op: Op, options?: WaitOptions): Promise<boolean>
  close(): Promise<void>
}

export interface Stat {
  czxid: number
  mzxid: number
  pzxid: number
  ctime: number
  mtime: number
  version: number
  cversion: number
  ephemeralOwner: bigint
  numChildren: number
}

export class Observer {
  children(path: string): Promise<string[] | null>
  data(path: string): Promise<{ data: Buffer; stat: Stat } | null>
  exists(path: string): Promise<Stat | null>
  create(path: string, data?: string | Uint8Array): Promise<void>
  createAll(path: string): Promise<void>
  set(path: string, data: string | Uint8Array): Promise<void>
  delete(path: string): Promise<void>
}
