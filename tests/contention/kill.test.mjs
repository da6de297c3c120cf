// Kills contenders in three languages, one after the other, and checks that the others continue. See README.md.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import { Kit } from '../kit/node/testkit.mjs'

const here = (name) => fileURLToPath(new URL(name, import.meta.url))
const programs = {
  c: [process.env.CONTENDER_C],
  python: [process.env.CONTENDER_PYTHON, here('contender.py')],
  node: [process.execPath, here('contender.mjs')],
}

/** The number of rounds that every contender must finish between two kills. */
const ROUNDS = 5
const TIMEOUT_MS = 30_000

const kit = new Kit()
const folder = mkdtempSync(join(tmpdir(), 'zkcoord-contention-'))
const log = join(folder, 'log')
const children = []
after(async () => {
  for (const child of children) child.kill('SIGKILL')
  await kit.close()
  rmSync(folder, { recursive: true })
})

class Contender {
  static async start(name, hosts) {
    const [program, ...args] = programs[name]
    const child = spawn(program, [...args, hosts, log], { stdio: ['pipe', 'pipe', 'inherit'] })
    children.push(child)
    const contender = new Contender()
    Object.assign(contender, { name, child, ended: once(child, 'exit') })
    const output = createInterface({ input: child.stdout })
    const [line] = await Promise.race([once(output, 'line'), contender.ended])
    assert.equal(line, 'ready', `${name} ended before it was ready`)
    return contender
  }

  get pid() {
    return this.child.pid
  }
}

/** Returns the lines of the log so far. */
function entries() {
  const lines = readFileSync(log, 'utf8').split('\n').slice(0, -1)
  return lines.map((line) => {
    const [event, name, pid, token] = line.split(' ')
    return { event, name, pid: Number(pid), token: BigInt(token) }
  })
}

async function eventually(condition, description) {
  const end = Date.now() + TIMEOUT_MS
  while (!condition()) {
    assert(Date.now() < end, `did not happen within ${TIMEOUT_MS} ms: ${description}`)
    await sleep(2)
  }
}

/** Waits until each of the contenders has finished ROUNDS more rounds. */
async function waitForRounds(contenders) {
  const start = entries().length
  const rounds = ({ pid }) =>
    entries()
      .slice(start)
      .filter((entry) => entry.event === 'end' && entry.pid === pid).length
  await eventually(
    () => contenders.every((contender) => rounds(contender) >= ROUNDS),
    'every contender acquires the lock',
  )
}

/** Checks mutual exclusion and fencing over the whole log. */
function checkLog(killed) {
  let holder
  let latest = 0n
  for (const { event, name, pid, token } of entries()) {
    const text = `${event} ${name} ${pid} ${token}`
    if (event === 'begin') {
      assert(!holder || killed.has(holder.pid), `${text}: begins before the end of ${holder?.name} ${holder?.pid}`)
      assert(token > latest, `${text}: the token is not larger than ${latest}`)
      latest = token
      holder = { name, pid, token }
    } else {
      assert.equal(event, 'end', text)
      assert.deepEqual(holder, { name, pid, token }, `${text}: another contender has begun`)
      holder = undefined
    }
  }
  assert(!holder || killed.has(holder.pid), 'the last round has not ended')
}

test('contenders in three languages go on when one is killed', { timeout: 240_000 }, async () => {
  writeFileSync(log, '')
  const zookeeper = await kit.zookeeper({ tickMs: 250 })
  const names = Object.keys(programs)
  const contenders = await Promise.all(names.map((name) => Contender.start(name, zookeeper.hosts)))
  const killed = new Set()
  for (const whileHolding of [true, false]) {
    for (const [number, name] of names.entries()) {
      await waitForRounds(contenders)
      const target = contenders[number]
      const holds = () => entries().at(-1).event === 'begin' && entries().at(-1).pid === target.pid
      if (whileHolding) await eventually(holds, `${name} holds the lock`)
      else await sleep(Math.random() * 50)
      target.child.kill('SIGKILL')
      killed.add(target.pid)
      const start = performance.now()
      assert.equal((await target.ended)[1], 'SIGKILL')
      const last = entries().at(-1)
      const held = last.event === 'begin' && last.pid === target.pid
      const size = entries().length
      await eventually(() => entries().length > size, 'another contender acquires the lock')
      const pause = Math.round(performance.now() - start)
      const when = held ? 'while it held the lock' : 'at another moment'
      console.log(`${name} killed ${when}: the others continued after ${pause} ms`)
      await waitForRounds(contenders.filter((contender) => contender !== target))
      contenders[number] = await Contender.start(name, zookeeper.hosts)
    }
  }
  await waitForRounds(contenders)
  for (const { child } of contenders) child.stdin.end()
  for (const { name, ended } of contenders) assert.deepEqual(await ended, [0, null], name)
  checkLog(killed)
  assert.deepEqual(await zookeeper.observer.children('/contention'), [])
  const rounds = (name) => entries().filter((entry) => entry.event === 'begin' && entry.name === name).length
  console.log(`${names.map((name) => `${name} ${rounds(name)}`).join(', ')} rounds, every token larger than all before`)
})
