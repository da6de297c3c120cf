// Listeners for aborted signals: one listener for each signal, however many calls wait with it. Node warns of more than
// ten listeners, and compares each new one with all before it.

interface Listener {
  readonly callbacks: Set<() => void>
  readonly run: () => void
}

const listeners = new WeakMap<AbortSignal, Listener>()

/**
 * Calls `callback` when the signal aborts.
 *
 * @returns a function that unsubscribes. The caller must call it, also after an abort
 *
 * @internal
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const { callbacks, run } = listeners.get(signal) ?? listen(signal)
  callbacks.add(callback)
  return () => {
    callbacks.delete(callback)
    if (callbacks.size > 0) return
    listeners.delete(signal)
    signal.removeEventListener('abort', run)
  }
}

function listen(signal: AbortSignal): Listener {
  const callbacks = new Set<() => void>()
  const run = () => {
    for (const callback of callbacks) callback()
  }
  const listener = { callbacks, run }
  listeners.set(signal, listener)
  signal.addEventListener('abort', run, { once: true })
  return listener
}
