// The end of a process or a worker. Promises are not settled any more then, so the clients are closed synchronously, and
// their locks are free at once instead of after the session timeout.

import native from '../native.cjs'

/** The time that the end of a process waits for the servers to release its locks, in milliseconds. */
const EXIT_TIMEOUT = 500

let isRegistered = false

/**
 * Has all clients of this thread closed when the process or the worker ends.
 *
 * @internal
 */
export function closeAtExit(): void {
  if (isRegistered) return
  isRegistered = true
  process.once('exit', () => native.closeAll(EXIT_TIMEOUT))
}
