/**
 * @file zkcoord.h
 * zkcoord: distributed locks and counters over an existing ZooKeeper ensemble.
 *
 * GENERATED from ffi/preamble.h and ffi/src by `UPDATE_HEADER=1 cargo test -p zkcoord-ffi --test header`.
 *
 * Objects    Every type is opaque. A function that "returns a new x" gives the caller an object, which the caller must
 *            pass to zkcoord_x_free(). That function "takes ownership" of the object, accepts NULL and never blocks.
 *            Objects may be freed in any order: an object that was created from a client keeps the client's session
 *            open. "Borrows for the call" means that zkcoord does not use the argument after the call. This holds for
 *            every pointer argument whose comment says nothing else.
 * Results    A function that can fail returns a zkcoord_status, which is 0 (ZKCOORD_STATUS_OK) on success. It stores
 *            its result in `*out`, which is NULL, 0 or false after a failure. The last argument, `err`, may be NULL.
 *            Otherwise `*err` is set to NULL on success, and to a new error on failure; free it with
 *            zkcoord_error_free(). NULL where it is not allowed does not crash, but fails with
 *            ZKCOORD_STATUS_INVALID_ARGUMENT. Every function that returns a status can also fail with
 *            ZKCOORD_STATUS_FORKED and ZKCOORD_STATUS_INTERNAL, and every function that talks to a server with
 *            ZKCOORD_STATUS_TIMEOUT, ZKCOORD_STATUS_CONNECTION_LOST, ZKCOORD_STATUS_CLOSED and
 *            ZKCOORD_STATUS_WOULD_DEADLOCK. The comments below do not repeat these.
 * Blocking   A function blocks only if it has an asynchronous form, zkcoord_x_async(), or if it is zkcoord_op_wait().
 * Text       UTF-8 that ends with NUL. A text that is returned belongs to the object that it was obtained from. Bytes
 *            are passed as a pointer and a length; the pointer may be NULL if the length is 0.
 * Time       In milliseconds. A negative timeout never expires. With 0 there is one attempt, which needs an existing
 *            connection. The timeout covers the whole call, including the time in which no server can be reached.
 * Threads    Every function may be called from any thread at any time, with two exceptions: an object must not be freed
 *            while another call uses it, and options must be used by one thread at a time. Any thread may use and
 *            release a guard. Only for a zkcoord_reentrant_mutex and a zkcoord_rw_lock does it matter which thread
 *            acquires the lock.
 * Callbacks  Run on a thread of zkcoord, one after another. They are never called inside the function that registers
 *            them, but may be called before it has returned. In a callback, blocking functions fail with
 *            ZKCOORD_STATUS_WOULD_DEADLOCK; asynchronous functions are allowed. A callback should be short, and must
 *            not let a C++ exception escape. `destroy(user_data)` runs on the same thread, exactly once, after the last
 *            use of `user_data`, even if the callback is never called or its registration fails. `destroy` may be NULL.
 *            A callback that is called repeatedly has a subscription, which is stored before the first call.
 * Async      zkcoord_x_async() starts the same operation as zkcoord_x() and does not block. If it returns
 *            ZKCOORD_STATUS_OK, `done` is called exactly once, with the status and the result that zkcoord_x() would
 *            have returned. `done` owns a new object that it receives, and must free it. The `error` that `done`
 *            receives is NULL, or valid until `done` returns. If the function returns another status, for example
 *            because an argument is invalid, `done` is not called. The timeout is that of the operation, and starts
 *            with the call. `op` may be NULL. Otherwise `*op` is set, before `done` can be called, to a new op that can
 *            cancel the operation or wait for it; free it with zkcoord_op_free(), which does not end the operation. The
 *            objects that the operation was started with may be freed while it is in progress. A lock is acquired for
 *            the thread that starts the operation, not for the thread on which `done` runs.
 * fork()     Objects cannot be used in a child of fork(). There, every call with an object of the parent fails with
 *            ZKCOORD_STATUS_FORKED, and freeing the object does not affect the parent's session and locks. The child
 *            may create new objects. Callbacks that were registered before fork() belong to the parent: the child
 *            neither calls nor destroys them.
 *
 * @code
 * // Holds a lock while it writes. Returns 0 on success.
 * int report(const char *hosts) { // like "zk1:2181,zk2:2181/app"
 *     zkcoord_client *client = NULL;
 *     zkcoord_mutex *mutex = NULL;
 *     zkcoord_guard *guard = NULL;
 *     zkcoord_error *err = NULL;
 *
 *     if (zkcoord_client_connect(hosts, NULL, &client, &err)) goto done;
 *     if (zkcoord_mutex_new(client, "/locks/report", &mutex, &err)) goto done;
 *     if (zkcoord_mutex_acquire(mutex, 5000, &guard, &err)) goto done; // ZKCOORD_STATUS_TIMEOUT after 5 s
 *     write_report(zkcoord_guard_token(guard)); // larger than the tokens of all earlier holders
 *     zkcoord_guard_release(guard, 5000, &err); // or only free the guard, which releases in the background
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

/** The version of this header. zkcoord_version() returns that of the library. */
#define ZKCOORD_VERSION "@VERSION@"
#define ZKCOORD_VERSION_MAJOR @MAJOR@
#define ZKCOORD_VERSION_MINOR @MINOR@
#define ZKCOORD_VERSION_PATCH @PATCH@

/** Marks every function of the library. Define ZKCOORD_STATIC to link the static library on Windows. */
#if defined(_WIN32) && !defined(ZKCOORD_STATIC)
#define ZKCOORD_API __declspec(dllimport)
#else
#define ZKCOORD_API
#endif
