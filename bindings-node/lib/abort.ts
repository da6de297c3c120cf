// Who is told when a signal aborts: one listener a signal, however many calls wait with it. Node warns of more than ten,
// and compares each new one with all before.

interface Listener {
  readonly calls: Set<() => void>
  readonly run: () => void
}

const listeners = new WeakMap<AbortSignal, Listener>()

/**
 * Calls `tell` when the signal aborts.
 *
 * @returns a function that takes that back; it has to be called, after the abort too
 *
 * @internal
 */
export function onAbort(signal: AbortSignal, tell: () => void): () => void {
  const { calls, run } = listeners.get(signal) ?? listen(signal)
  calls.add(tell)
  return () => {
    calls.delete(tell)
    if (calls.size > 0) return
    listeners.delete(signal)
    signal.removeEventListener('abort', run)
  }
}

function listen(signal: AbortSignal): Listener {
  const calls = new Set<() => void>()
  const listener = { calls, run: () => calls.forEach((call) => call()) }
  listeners.set(signal, listener)
  signal.addEventListener('abort', listener.run, { once: true })
  return listener
}
