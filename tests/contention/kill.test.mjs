// Kills contenders in three languages, one after the other, and judges what the others do. See README.md.

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

/** How many turns everybody must get between two kills. */
const TURNS = 5
const PATIENCE = 30_000

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
    assert.equal(line, 'ready', `${name} has ended before it was ready`)
    return contender
  }

  get pid() {
    return this.child.pid
  }
}

/** The lines that have been written so far. */
function entries() {
  const lines = readFileSync(log, 'utf8').split('\n').slice(0, -1)
  return lines.map((line) => {
    const [what, name, pid, token] = line.split(' ')
    return { what, name, pid: Number(pid), token: BigInt(token) }
  })
}

async function eventually(condition, what) {
  const end = Date.now() + PATIENCE
  while (!condition()) {
    assert(Date.now() < end, `not within ${PATIENCE} ms: ${what}`)
    await sleep(2)
  }
}

/** Waits until every one of them has had so many more turns. */
async function everyoneHasTurns(contenders) {
  const begun = entries().length
  const turns = ({ pid }) => entries().slice(begun).filter((entry) => entry.what === 'end' && entry.pid === pid).length
  await eventually(() => contenders.every((contender) => turns(contender) >= TURNS), 'everybody gets the lock')
}

/** Mutual exclusion and fencing, over the whole log. */
function judge(killed) {
  let holder
  let latest = 0n
  for (const { what, name, pid, token } of entries()) {
    const who = `${what} ${name} ${pid} ${token}`
    if (what === 'begin') {
      assert(!holder || killed.has(holder.pid), `${who}: within the turn of ${holder?.name} ${holder?.pid}`)
      assert(token > latest, `${who}: not larger than ${latest}`)
      latest = token
      holder = { name, pid, token }
    } else {
      assert.equal(what, 'end', who)
      assert.deepEqual(holder, { name, pid, token }, `${who}: the turn of somebody else`)
      holder = undefined
    }
  }
  assert(!holder || killed.has(holder.pid), 'a turn has not ended')
}

test('contenders in three languages go on when one is killed', { timeout: 240_000 }, async () => {
  writeFileSync(log, '')
  const zookeeper = await kit.zookeeper({ tickMs: 250 })
  const names = Object.keys(programs)
  const contenders = await Promise.all(names.map((name) => Contender.start(name, zookeeper.hosts)))
  const killed = new Set()
  for (const whileHolding of [true, false]) {
    for (const [number, name] of names.entries()) {
      await everyoneHasTurns(contenders)
      const victim = contenders[number]
      const holds = () => entries().at(-1).what === 'begin' && entries().at(-1).pid === victim.pid
      if (whileHolding) await eventually(holds, `${name} holds the lock`)
      else await sleep(Math.random() * 50)
      victim.child.kill('SIGKILL')
      killed.add(victim.pid)
      const begun = performance.now()
      assert.equal((await victim.ended)[1], 'SIGKILL')
      const last = entries().at(-1)
      const held = last.what === 'begin' && last.pid === victim.pid
      const size = entries().length
      await eventually(() => entries().length > size, 'somebody goes on')
      const gap = Math.round(performance.now() - begun)
      const when = held ? 'while it held the lock' : 'at another moment'
      console.log(`${name} killed ${when}: the others went on after ${gap} ms`)
      await everyoneHasTurns(contenders.filter((contender) => contender !== victim))
      contenders[number] = await Contender.start(name, zookeeper.hosts)
    }
  }
  await everyoneHasTurns(contenders)
  for (const { child } of contenders) child.stdin.end()
  for (const { name, ended } of contenders) assert.deepEqual(await ended, [0, null], name)
  judge(killed)
  assert.deepEqual(await zookeeper.observer.children('/contention'), [])
  const turns = (name) => entries().filter((entry) => entry.what === 'begin' && entry.name === name).length
  console.log(`${names.map((name) => `${name} ${turns(name)}`).join(', ')} turns, every token larger than all before`)
})
