/**
 * @file zkcoord.h
 * zkcoord: distributed locks and counters over the ZooKeeper ensemble that you already run.
 *
 * GENERATED from ffi/preamble.h and ffi/src by `UPDATE_HEADER=1 cargo test -p zkcoord-ffi --test header`.
 *
 * Objects    Every type is opaque. A call that "returns a new x" gives you one that is yours until you pass it to
 *            zkcoord_x_free(), which "takes ownership" of it, accepts NULL and never blocks. Free in any order: what
 *            was made from a client keeps its session open. "Borrows for the call": zkcoord does not look at it again
 *            after the call; that goes for every pointer argument whose comment says nothing else.
 * Results    What can fail returns a zkcoord_status, which is 0 (ZKCOORD_STATUS_OK) when all is well. Results go to
 *            `*out`, which is NULL, 0 or false after a failure. The last argument `err` may be NULL; otherwise `*err`
 *            is set to NULL after a success, and after a failure to a new error, which you free with
 *            zkcoord_error_free(). A NULL where it is not allowed is no crash but ZKCOORD_STATUS_INVALID_ARGUMENT.
 *            Every call can also return ZKCOORD_STATUS_FORKED and ZKCOORD_STATUS_INTERNAL, and what talks to a server
 *            ZKCOORD_STATUS_TIMEOUT, ZKCOORD_STATUS_CONNECTION_LOST, ZKCOORD_STATUS_CLOSED and
 *            ZKCOORD_STATUS_WOULD_DEADLOCK; comments do not repeat these.
 * Text       UTF-8 that ends with NUL. Text that you are given belongs to the object that you got it from. Bytes are a
 *            pointer and a length; the pointer may be NULL if the length is 0.
 * Time       Milliseconds. A negative timeout waits for ever; 0 tries once, with a connection that is there already.
 *            The timeout covers the whole call, also while no server can be reached.
 * Threads    Every function may be called from any thread at any time, except that an object must not be freed while
 *            another call uses it, and that options are for one thread at a time. Any thread may use and release a
 *            guard. Which thread asks for a lock matters to a zkcoord_reentrant_mutex and a zkcoord_rw_lock only.
 * Callbacks  Run on a thread of zkcoord, one after another, never inside the call that registered them, but maybe before
 *            it has returned. Calls that wait return ZKCOORD_STATUS_WOULD_DEADLOCK there; asynchronous ones are fine. A
 *            callback should be short, and must not let a C++ exception out. `destroy(user_data)` runs on that thread
 *            too: once, after the last use of `user_data`, also when the callback is never called, and when its
 *            registration fails. `destroy` may be NULL. A callback that is called again and again has a subscription,
 *            which is stored before its first call.
 * Async      Every call that waits has a twin, zkcoord_x_async(), that starts the same operation and returns. If it
 *            returns ZKCOORD_STATUS_OK, then `done` is called, once, with what the waiting call would have returned; what
 *            that "returns", `done` owns. The `error` that it gets is NULL, or lives until `done` returns. If it returns
 *            anything else, as for an argument that cannot be, `done` is not called. The timeout is that of the operation,
 *            from now on. `op` may be NULL; otherwise `*op` is set before `done` can be called, to a new op by which the
 *            operation can be cancelled or waited for; free with zkcoord_op_free(), which does not end the operation.
 *            What the operation was started with may be freed meanwhile. It is the thread that starts the operation
 *            that asks for a lock, not the one on which `done` runs.
 * fork()     Objects do not cross it. In the child every call with one of the parent's answers ZKCOORD_STATUS_FORKED,
 *            and freeing one there leaves the parent's session and locks alone. New ones can be made. Callbacks
 *            registered before are the parent's: the child neither calls nor destroys them.
 *
 * @code
 * // Holds a lock while it writes. Returns 0 when that went well.
 * int report(const char *hosts) { // like "zk1:2181,zk2:2181/app"
 *     zkcoord_client *client = NULL;
 *     zkcoord_mutex *mutex = NULL;
 *     zkcoord_guard *guard = NULL;
 *     zkcoord_error *err = NULL;
 *
 *     if (zkcoord_client_connect(hosts, NULL, &client, &err)) goto done;
 *     if (zkcoord_mutex_new(client, "/locks/report", &mutex, &err)) goto done;
 *     if (zkcoord_mutex_acquire(mutex, 5000, &guard, &err)) goto done; // ZKCOORD_STATUS_TIMEOUT after 5 s
 *     write_report(zkcoord_guard_token(guard)); // larger than that of every holder before
 *     zkcoord_guard_release(guard, 5000, &err); // or only free it: then it is given back in the background
 * done:
 *     if (err) fprintf(stderr, "%s\n", zkcoord_error_message(err));
 *     const int status = (int)zkcoord_error_status(err);
 *     zkcoord_error_free(err);
 *     zkcoord_guard_free(guard);
 *     zkcoord_mutex_free(mutex);
 *     zkcoord_client_free(client);
 *     return status;
 * }
 * @endcode
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The version of this header; zkcoord_version() tells that of the library. */
#define ZKCOORD_VERSION "@VERSION@"
#define ZKCOORD_VERSION_MAJOR @MAJOR@
#define ZKCOORD_VERSION_MINOR @MINOR@
#define ZKCOORD_VERSION_PATCH @PATCH@

/** Stands before every function. Define ZKCOORD_STATIC to link the static library on Windows. */
#if defined(_WIN32) && !defined(ZKCOORD_STATIC)
#define ZKCOORD_API __declspec(dllimport)
#else
#define ZKCOORD_API
#endif
