// Real ZooKeeper servers, a fault-injecting proxy and an observer for tests: a client of `zkcoord-testkit`.
//
// Everything that a kit has started ends when the kit is closed, or when this process ends in any way.

import { spawn } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** A call that the test kit could not carry out. */
export class TestkitError extends Error {}

/** Returns the path of the test kit's program: $ZKCOORD_TESTKIT, or the latest build of cargo in this repository. */
export function findProgram() {
  if (process.env.ZKCOORD_TESTKIT) return process.env.ZKCOORD_TESTKIT
  const root = fileURLToPath(new URL('../../..', import.meta.url))
  const target = process.env.CARGO_TARGET_DIR ?? join(root, 'target')
  const built = ['debug', 'release'].map((profile) => join(target, profile, 'zkcoord-testkit')).filter(existsSync)
  built.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)
  if (!built.length) throw new TestkitError('zkcoord-testkit is not built; run: cargo build -p zkcoord-testkit')
  return built[0]
}

/** One running `zkcoord-testkit`. */
export class Kit {
  #process
  #ended
  #hasEnded = false
  #waiting = new Map()
  #lastId = 0

  constructor(program = findProgram()) {
    // Detached, because Ctrl-C is meant for the tests, which close the kit when they end.
    this.#process = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'], detached: true })
    this.#ended = new Promise((resolve) => {
      const end = () => {
        this.#hasEnded = true
        for (const { reject } of this.#waiting.values()) reject(new TestkitError('the test kit has ended'))
        this.#waiting.clear()
        resolve()
      }
      this.#process.on('close', end).on('error', end)
    })
    // Errors of writing to a kit that has ended are ignored, because its end is reported above.
    this.#process.stdin.on('error', () => {})
    createInterface({ input: this.#process.stdout }).on('line', (line) => {
      const { id, ok, error } = JSON.parse(line)
      const waiting = this.#waiting.get(id)
      this.#waiting.delete(id)
      if (error === undefined) waiting?.resolve(ok)
      else waiting?.reject(new TestkitError(error))
    })
  }

  /** Makes one call, as in the README of tests/kit, and resolves to its result. */
  call(name, args = {}) {
    if (this.#hasEnded) return Promise.reject(new TestkitError('the test kit has ended'))
    const id = ++this.#lastId
    this.#process.stdin.write(`${JSON.stringify({ id, call: name, ...args })}\n`)
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }))
  }

  /** Starts real servers. Options: nodes, tickMs, properties, javaOptions, tls. */
  async zookeeper({ nodes = 1, tickMs = 250, properties = {}, javaOptions = [], tls = false } = {}) {
    const args = { nodes, tick_ms: tickMs, properties, java_options: javaOptions, tls }
    const started = await this.call('zookeeper.start', args)
    return new ZooKeeper(this, started.zookeeper, started.hosts, started.tls)
  }

  /** Starts a proxy in front of one server. */
  async proxy(upstream) {
    const { proxy, address } = await this.call('proxy.start', { upstream })
    return new Proxy(this, proxy, address)
  }

  /** Starts a server that forges one answer, and passes on the others of `upstream`. */
  async hostileServer(upstream, attack) {
    const { hostile, address } = await this.call('hostile.start', { upstream, attack })
    return {
      address,
      fired: () => this.call('hostile.fired', { hostile }),
      close: () => this.call('hostile.stop', { hostile }),
    }
  }

  /** Returns an observer of any servers. */
  observer(hosts) {
    return new Observer(this, { hosts })
  }

  /** Ends the kit and everything that it has started. */
  async close() {
    await this.call('exit').catch(() => {})
    this.#process.stdin.end()
    await this.#ended
  }
}

/** Running servers; nodes are numbered from 0. */
export class ZooKeeper {
  #call

  constructor(kit, name, hosts, tls) {
    this.#call = (call, args) => kit.call(`zookeeper.${call}`, { zookeeper: name, ...args })
    this.hosts = hosts
    this.tls = tls
    this.observer = new Observer(kit, { zookeeper: name })
  }

  host = (node) => this.hosts.split(',')[node]
  kill = (node) => this.#call('kill', { node })
  startNode = (node) => this.#call('start_node', { node })
  pause = (node) => this.#call('pause', { node })
  resume = (node) => this.#call('resume', { node })
  leader = () => this.#call('leader')
  mode = (node) => this.#call('mode', { node })
  pid = (node) => this.#call('pid', { node })
  log = (node) => this.#call('log', { node })
  waitReady = (ms = 30_000) => this.#call('wait_ready', { timeout_ms: ms })
  expire = (sessionId) => this.#call('expire', { session_id: String(sessionId) })
  close = () => this.#call('stop')
}

/** A proxy in front of one server. */
// biome-ignore lint/suspicious/noShadowRestrictedNames: no test needs JavaScript's own Proxy
export class Proxy {
  #kit
  #call

  constructor(kit, name, address) {
    this.#kit = kit
    this.#call = (call, args) => kit.call(`proxy.${call}`, { proxy: name, ...args })
    this.address = address
  }

  swallowReply = (op, nth = 1) => this.#rule('swallow_reply', { op, nth })
  swallowRequest = (op, nth = 1) => this.#rule('swallow_request', { op, nth })
  swallowRepliesAtRandom = (op, probability, seed) => this.#rule('swallow_replies_at_random', { op, probability, seed })
  swallowRequestsAtRandom = (op, probability, seed) =>
    this.#rule('swallow_requests_at_random', { op, probability, seed })
  clearRules = () => this.#call('clear_rules')
  holdReplies = (on = true) => this.#call('hold_replies', { on })
  holdRequests = (on = true) => this.#call('hold_requests', { on })
  stall = (on = true) => this.#call('stall', { on })
  refuse = (on = true) => this.#call('refuse', { on })
  delay = (ms) => this.#call('delay', { ms })
  cut = () => this.#call('cut')
  reset = () => this.#call('reset')
  clearFrames = () => this.#call('clear_frames')
  connections = () => this.#call('connections')
  waitFor = (op, { direction = 'request', path = null, count = 1, ms = 10_000 } = {}) =>
    this.#call('wait_for', { op, direction, path, count, timeout_ms: ms })
  close = () => this.#call('stop')

  async frames() {
    return (await this.#call('frames')).map(({ at_ms: atMs, ...frame }) => ({ ...frame, atMs }))
  }

  async #rule(call, args) {
    const { rule } = await this.#call(call, args)
    return {
      fired: () => this.#kit.call('rule.fired', { rule }),
      waitFired: (ms = 10_000) => this.#kit.call('rule.wait_fired', { rule, timeout_ms: ms }),
    }
  }
}

/** Reads and writes the servers' data with the kit's own client. Reads include everything that was written before. */
export class Observer {
  #call

  constructor(kit, of) {
    this.#call = (call, args) => kit.call(`observer.${call}`, { ...of, ...args })
  }

  children = (path) => this.#call('children', { path })
  create = (path, data = '') => this.#call('create', { path, data: hex(data) })
  createAll = (path) => this.#call('create_all', { path })
  set = (path, data) => this.#call('set', { path, data: hex(data) })
  delete = (path) => this.#call('delete', { path })

  async exists(path) {
    return stat(await this.#call('exists', { path }))
  }

  async data(path) {
    const found = await this.#call('data', { path })
    return found && { data: Buffer.from(found.data, 'hex'), stat: stat(found.stat) }
  }
}

const hex = (data) => Buffer.from(data).toString('hex')

const stat = (found) =>
  found && {
    czxid: found.czxid,
    mzxid: found.mzxid,
    pzxid: found.pzxid,
    ctime: found.ctime,
    mtime: found.mtime,
    version: found.version,
    cversion: found.cversion,
    ephemeralOwner: BigInt(found.ephemeral_owner),
    numChildren: found.num_children,
  }
