// zkcoord for Node as a contestant. Reads jobs from stdin and answers each with its score; see benches/README.md.

import { createInterface } from 'node:readline'
import { connect } from 'zkcoord'

const client = await connect(process.argv[2])

/** Returns the operation that a task repeats. */
function operationOf(verb, path) {
  if (verb === 'add') {
    const counter = client.counter(path)
    return () => counter.add(1)
  }
  if (verb !== 'lock') throw new Error(`zkcoord for Node does not ${verb}`)
  const mutex = client.mutex(path)
  return async () => {
    const guard = await mutex.acquire()
    await guard.release()
  }
}

async function laps(operation, milliseconds) {
  const times = []
  const end = performance.now() + milliseconds
  for (let start = performance.now(); start < end; start = performance.now()) {
    await operation()
    times.push(performance.now() - start)
  }
  return times
}

/** Lets `crew` tasks repeat an operation for some time, and returns the answer. */
async function run(verb, crew, seconds, path) {
  const start = performance.now()
  const members = await Promise.all(Array.from({ length: crew }, () => laps(operationOf(verb, path), seconds * 1_000)))
  const took = (performance.now() - start) / 1_000
  const counts = members.map(({ length }) => length)
  const times = members.flat().sort((a, b) => a - b)
  const quantile = (q) => (times[Math.min(Math.floor(times.length * q), times.length - 1)] * 1_000).toFixed(1)
  const figures = [took.toFixed(6), quantile(0.5), quantile(0.99), Math.min(...counts), Math.max(...counts)]
  return `done ${times.length} ${figures.join(' ')}`
}

console.log('ready')
for await (const line of createInterface({ input: process.stdin })) {
  const [, verb, crew, seconds, path] = line.split(' ')
  console.log(await run(verb, Number(crew), Number(seconds), path).catch((error) => `failed: ${error}`))
}
// The harness has ended.
process.exit()
