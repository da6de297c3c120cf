#ifndef ZKCOORD_H
#define ZKCOORD_H

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
#define ZKCOORD_VERSION "0.1.0"
#define ZKCOORD_VERSION_MAJOR 0
#define ZKCOORD_VERSION_MINOR 1
#define ZKCOORD_VERSION_PATCH 0

/** Marks every function of the library. Define ZKCOORD_STATIC to link the static library on Windows. */
#if defined(_WIN32) && !defined(ZKCOORD_STATIC)
#define ZKCOORD_API __declspec(dllimport)
#else
#define ZKCOORD_API
#endif


/**
 * The status that a function returns: 0 on success, otherwise the kind of failure, for programs to act on. The numbers
 * never change.
 */
typedef enum {
    /**
     * Success.
     */
    ZKCOORD_STATUS_OK = 0,
    /**
     * The timeout expired. No lock is held, no node is left behind, and nothing was written.
     */
    ZKCOORD_STATUS_TIMEOUT = 1,
    /**
     * The caller cancelled the operation.
     */
    ZKCOORD_STATUS_CANCELLED = 2,
    /**
     * No server could be reached. The operation was not applied.
     */
    ZKCOORD_STATUS_CONNECTION_LOST = 3,
    /**
     * A write was sent, but its outcome is unknown, because the session ended or the timeout expired meanwhile. It may
     * or may not have been applied.
     */
    ZKCOORD_STATUS_INDETERMINATE = 4,
    /**
     * The session that the operation belonged to has expired.
     */
    ZKCOORD_STATUS_SESSION_EXPIRED = 5,
    /**
     * The guard no longer holds its lock.
     */
    ZKCOORD_STATUS_LOCK_LOST = 6,
    /**
     * The server refused the operation because of an ACL, or refused the authentication.
     */
    ZKCOORD_STATUS_NOT_AUTHORIZED = 7,
    /**
     * An argument is invalid. The message names the argument and its value.
     */
    ZKCOORD_STATUS_INVALID_ARGUMENT = 8,
    /**
     * A node, such as that of a counter, does not have the expected format. Nothing was written.
     */
    ZKCOORD_STATUS_BAD_DATA = 9,
    /**
     * The result would exceed the range of the format or the bounds of the counter. Nothing was written.
     */
    ZKCOORD_STATUS_OVERFLOW = 10,
    /**
     * The 32-bit sequence numbers below the lock's path are used up or ambiguous.
     */
    ZKCOORD_STATUS_SEQUENCE_EXHAUSTED = 11,
    /**
     * The server refused the operation because of a quota.
     */
    ZKCOORD_STATUS_QUOTA = 12,
    /**
     * A blocking function was called in a callback, or the owner would wait for a lock that it holds itself.
     */
    ZKCOORD_STATUS_WOULD_DEADLOCK = 13,
    /**
     * The client was closed.
     */
    ZKCOORD_STATUS_CLOSED = 14,
    /**
     * The object belongs to the parent of this fork() child. Connect again in the child.
     */
    ZKCOORD_STATUS_FORKED = 15,
    /**
     * The server or this build of the library does not support the operation.
     */
    ZKCOORD_STATUS_UNSUPPORTED = 16,
    /**
     * A bug in zkcoord. The message gives the details.
     */
    ZKCOORD_STATUS_INTERNAL = 17,
} zkcoord_status;

/**
 * The severity of a log line.
 */
typedef enum {
    /**
     * Turns the log off; no line has this level.
     */
    ZKCOORD_LOG_LEVEL_OFF = 0,
    /**
     * Something failed permanently.
     */
    ZKCOORD_LOG_LEVEL_ERROR = 1,
    /**
     * Something went wrong and is being handled, such as an expired session or a lost lock.
     */
    ZKCOORD_LOG_LEVEL_WARN = 2,
    /**
     * Information for operators.
     */
    ZKCOORD_LOG_LEVEL_INFO = 3,
    /**
     * Details for debugging zkcoord.
     */
    ZKCOORD_LOG_LEVEL_DEBUG = 4,
} zkcoord_log_level;

/**
 * The state of a client's connection and session.
 */
typedef enum {
    /**
     * The client is closed, which is final.
     */
    ZKCOORD_STATE_CLOSED = 0,
    /**
     * The client is connected and has a live session.
     */
    ZKCOORD_STATE_CONNECTED = 1,
    /**
     * The connection is lost, but the session may still be alive. Locks are held until their lease ends.
     */
    ZKCOORD_STATE_SUSPENDED = 2,
    /**
     * The session is over, and all its locks are lost. The client is opening a new one.
     */
    ZKCOORD_STATE_EXPIRED = 3,
} zkcoord_state;

/**
 * A connection to a ZooKeeper ensemble, with its own session. If the session expires, its locks are lost; the client
 * then opens a new session and can be used further.
 */
typedef struct zkcoord_client zkcoord_client;

/**
 * A counter that all clients of the ensemble share: an integer in a node, by default of 8 bytes as in Curator's
 * DistributedAtomicLong. A missing node counts as 0, or as the default value set in the options, and is created by the
 * first change.
 *
 * Every change is applied exactly once, even if the server's reply is lost. Changes that are requested while a write
 * is in progress share the next write, and each caller still gets the value after its own change. The functions that
 * change the value block until the server has answered.
 *
 * They fail with ZKCOORD_STATUS_OVERFLOW if the result would exceed the bounds or the range of the format, and with
 * ZKCOORD_STATUS_BAD_DATA if the node contains something other than a counter; nothing is written then. After
 * ZKCOORD_STATUS_TIMEOUT the change was not applied and will not be. They fail with ZKCOORD_STATUS_INDETERMINATE if
 * the change was sent and its outcome cannot be found out, and with ZKCOORD_STATUS_NOT_AUTHORIZED or
 * ZKCOORD_STATUS_QUOTA if the server refuses.
 */
typedef struct zkcoord_counter zkcoord_counter;

/**
 * Options for zkcoord_counter_new_with_options(), which also checks that they are consistent. Must not be set by two
 * threads at the same time, nor while they are in use.
 */
typedef struct zkcoord_counter_options zkcoord_counter_options;

/**
 * A watch that returns the values of a counter, one after another. It has at most one watch on the server.
 */
typedef struct zkcoord_counter_watch zkcoord_counter_watch;

/**
 * The details of a failure. Functions that can fail return it through their last argument; free it with
 * zkcoord_error_free().
 */
typedef struct zkcoord_error zkcoord_error;

/**
 * A held lock, until it is released, freed or lost. A guard can also hold several locks, or permits of a semaphore.
 *
 * A lock can be lost while it is held: if no server has confirmed the session for too long, if the session is over, or
 * if someone deletes the lock's node. Except in the last case, the guard knows of the loss before the server can grant
 * the lock to another client.
 */
typedef struct zkcoord_guard zkcoord_guard;

/**
 * The caller's turn to load a key; no other caller loads it meanwhile. It ends with a verdict, which the caller gives
 * with zkcoord_load_turn_found() or zkcoord_load_turn_missed(). If the load failed, the caller frees the turn without
 * a verdict.
 *
 * It can be lost like a lock, if no server has confirmed the session for too long. Its verdict does not count then.
 */
typedef struct zkcoord_load_turn zkcoord_load_turn;

/**
 * Stops lookups of absent keys. Put it between a cache and the database behind it. If several callers, in any process,
 * ask for the same key at the same time, one of them loads it while the others wait for the outcome. A key that was
 * missed several times within a window is answered absent for some time, the hold, without a load;
 * zkcoord_miss_guard_options has the numbers.
 *
 * - A key is loaded by one caller at a time, as long as no caller loses its session while loading.
 * - A load that finds the key clears the misses recorded before.
 * - A key that comes into existence is seen when the hold is over at the latest, counted from the beginning of the
 *   last load that missed, by the clock of ZooKeeper's leader; or at once, after zkcoord_miss_guard_forget().
 *
 * A value that was found is not shared: the other callers that waited for it load it themselves, one after another. So
 * each lookup of an existing key costs a lock, and values that were found belong in a cache.
 *
 * @code
 * zkcoord_load_turn *turn = NULL;
 * if (zkcoord_miss_guard_begin(users, key, key_len, 5000, &turn, &err)) goto done;
 * if (turn == NULL) goto absent;
 * user = query(key, key_len);
 * if (user ? zkcoord_load_turn_found(turn, 5000, &err) : zkcoord_load_turn_missed(turn, 5000, &err)) goto done;
 * @endcode
 */
typedef struct zkcoord_miss_guard zkcoord_miss_guard;

/**
 * Options for zkcoord_miss_guard_new_with_options(). All clients that share a path should use the same values. Must
 * not be set by two threads at the same time, nor while they are in use.
 */
typedef struct zkcoord_miss_guard_options zkcoord_miss_guard_options;

/**
 * Several mutexes that are acquired together: all or none, and by all clients in the same order, so that they cannot
 * deadlock. On each path it excludes every other lock that is acquired on that path.
 *
 * The guard holds all the locks, and is lost when one of them is lost. Its token is that of the first path in sorted
 * order, and fences only what belongs to that path.
 */
typedef struct zkcoord_multi_mutex zkcoord_multi_mutex;

/**
 * A mutual exclusion lock: at most one holder among all clients of the ensemble, granted in order of arrival. It is
 * not reentrant: a second acquire waits for the first guard, even in the same thread. Its guard does not belong to a
 * thread: any thread may release it. See zkcoord_reentrant_mutex for the reentrant kind.
 *
 * The two sides of a read/write lock also have this type; see zkcoord_rw_lock for their differences.
 */
typedef struct zkcoord_mutex zkcoord_mutex;

/**
 * Options for mutexes, reentrant mutexes, read/write locks and multi mutexes. Must not be set by two threads at the
 * same time, nor while they are in use.
 */
typedef struct zkcoord_mutex_options zkcoord_mutex_options;

/**
 * An operation that an asynchronous function has started.
 */
typedef struct zkcoord_op zkcoord_op;

/**
 * Options for zkcoord_client_connect(). Must not be set by two threads at the same time, nor while they are in use.
 */
typedef struct zkcoord_options zkcoord_options;

/**
 * The result of zkcoord_mutex_inspect(): the contenders, which held a lock or waited for it, and warnings about the
 * queue. It does not change. The functions below return NULL, 0 or false if the index is out of range, and if the
 * queue is NULL.
 */
typedef struct zkcoord_queue zkcoord_queue;

/**
 * A rate limiter for all clients together: it never grants more than the given number of permits in any interval as
 * long as the period, wherever the interval begins. The time is that of the ensemble's leader; the clocks of different
 * machines are never compared.
 *
 * At full load about 2 % of the permits are not used, and permits that a client had reserved are lost if it dies; none
 * is ever granted twice. A free permit costs one round trip, or none if this client has one in advance. Permits are
 * granted in order of arrival within a client, and in the order of their writes between clients. A request for many
 * permits is not overtaken.
 *
 * All clients that share a path must use the same permits, period and burst, which are stored in the node; other
 * values are refused. To change them, delete the node, which also forgets the recent use.
 */
typedef struct zkcoord_rate_limiter zkcoord_rate_limiter;

/**
 * Options for zkcoord_rate_limiter_new_with_options(). Must not be set by two threads at the same time, nor while they
 * are in use.
 */
typedef struct zkcoord_rate_limiter_options zkcoord_rate_limiter_options;

/**
 * A mutual exclusion lock that its owner may acquire several times. The owner is the thread that calls
 * zkcoord_reentrant_mutex_acquire(). While it holds the lock it can acquire it again at once, without any request,
 * through any zkcoord_reentrant_mutex of the same client and path. These guards share one node and one token. The lock
 * is released when the last of them is released or freed, by any thread; until then the owner stays the owner.
 *
 * A lost lock does not count as held: its guards stay lost, and an acquire queues again. For other owners it behaves
 * like a zkcoord_mutex.
 */
typedef struct zkcoord_reentrant_mutex zkcoord_reentrant_mutex;

/**
 * A read/write lock: any number of readers, or one writer, granted in order of arrival. Readers cannot starve a
 * writer: readers that arrive after it wait for it.
 *
 * The thread that acquires a side owns the lock it gets until the guard is released, by any thread. With the same
 * client
 * - the owner can acquire a side that it already holds again: at once, without any request, and with the same token.
 *   The side is released when its last guard is released;
 * - the owner of the write side can acquire the read side too, and may then release the write side: no other writer
 *   gets in between. The guard of the read side has the token of the write side;
 * - if the owner holds only the read side, acquiring the write side fails at once with ZKCOORD_STATUS_WOULD_DEADLOCK,
 *   and zkcoord_mutex_try_acquire() returns NULL, because two threads that did this would wait for each other.
 */
typedef struct zkcoord_rw_lock zkcoord_rw_lock;

/**
 * A semaphore: a number of permits that all clients of the ensemble share, granted in order of arrival. A request for
 * many permits is not overtaken by requests for few.
 *
 * All clients that share the path must use the same number of permits, which is not stored anywhere. The nodes are
 * those of Curator's InterProcessSemaphoreV2.
 */
typedef struct zkcoord_semaphore zkcoord_semaphore;

/**
 * Statistics about waits and holds, as they were when zkcoord_mutex_stats() or a similar function returned them. They
 * do not change.
 *
 * Waits are the successful calls that acquire, or the changes of a counter. Holds are the times for which locks were
 * held, if they ended with a release or a free of the guard; lost locks do not count. Mean, standard deviation and
 * quantiles cover the latest 1024 waits or holds and are in seconds. They are 0 before the first, and for NULL.
 */
typedef struct zkcoord_stats zkcoord_stats;

/**
 * A sum to which many clients add often. An add is only made in memory. The client writes the accumulated adds from
 * time to time into a node of its own, so that clients do not compete. The price is that an add does not return the
 * value, for which there is zkcoord_striped_counter_sum(), and that adds which are not yet flushed are lost if the
 * process dies.
 *
 * Adds that zkcoord_striped_counter_flush() has acknowledged are in every later sum, exactly once.
 * zkcoord_client_close() flushes first, and freeing the counter flushes in the background. The adds of clients that
 * are gone are merged into the node at the path, which a zkcoord_counter can read.
 */
typedef struct zkcoord_striped_counter zkcoord_striped_counter;

/**
 * Options for zkcoord_striped_counter_new_with_options(). Must not be set by two threads at the same time, nor while
 * they are in use.
 */
typedef struct zkcoord_striped_counter_options zkcoord_striped_counter_options;

/**
 * The registration of a callback that is called repeatedly, until the subscription is freed or there is nothing more
 * to report.
 */
typedef struct zkcoord_subscription zkcoord_subscription;

/**
 * A counter of the events in the last so many milliseconds, the window. A missing node counts as no events and is
 * created by the first add.
 *
 * The window is divided into buckets, and events are forgotten one bucket at a time. An event counts for at least the
 * length of the window, from the call of its add, and for at most one bucket and some round trips longer. The time is
 * that of the ensemble's leader; the clocks of the machines that run clients do not matter. Adds are as exact as those
 * of a zkcoord_counter.
 *
 * Every add writes all buckets: 60 are cheap, 10000 are not. All clients that share the path must use the same window
 * and number of buckets, which are stored in the node.
 */
typedef struct zkcoord_window_counter zkcoord_window_counter;

/**
 * Called with a line of the log, without a line feed. `message` is valid until the callback returns.
 */
typedef void (*zkcoord_log_fn)(zkcoord_log_level level, const char *message, void *user_data);

/**
 * Destroys the user data of a callback; see "Callbacks" above. May be NULL.
 */
typedef void (*zkcoord_destroy_fn)(void *user_data);

/**
 * Called when zkcoord_client_connect_async() has completed. The callee owns the client, which is NULL after a failure.
 */
typedef void (*zkcoord_client_fn)(zkcoord_status status, zkcoord_client *client, const zkcoord_error *error, void *user_data);

/**
 * Called with the new state of a client.
 */
typedef void (*zkcoord_state_fn)(zkcoord_state state, void *user_data);

/**
 * Called when an operation whose result is true or false has completed. The result is false after a failure.
 */
typedef void (*zkcoord_bool_fn)(zkcoord_status status, bool value, const zkcoord_error *error, void *user_data);

/**
 * Called when an operation without a result has completed. See "Async" above, also for the other types like this.
 */
typedef void (*zkcoord_done_fn)(zkcoord_status status, const zkcoord_error *error, void *user_data);

/**
 * Called when an operation that acquires a lock or permits has completed. The callee owns the guard, which is NULL
 * after a failure and if a try found the lock taken.
 */
typedef void (*zkcoord_guard_fn)(zkcoord_status status, zkcoord_guard *guard, const zkcoord_error *error, void *user_data);

/**
 * Called when an operation that reads a queue has completed. The callee owns the queue, which is NULL after a failure.
 */
typedef void (*zkcoord_queue_fn)(zkcoord_status status, zkcoord_queue *queue, const zkcoord_error *error, void *user_data);

/**
 * Called when an operation whose result is a number has completed. The number is 0 after a failure.
 */
typedef void (*zkcoord_int64_fn)(zkcoord_status status, int64_t value, const zkcoord_error *error, void *user_data);

/**
 * Called when zkcoord_counter_versioned_async() has completed. Value and version are 0 after a failure.
 */
typedef void (*zkcoord_versioned_fn)(zkcoord_status status,
                                     int64_t value,
                                     int32_t version,
                                     const zkcoord_error *error,
                                     void *user_data);

/**
 * Called when zkcoord_miss_guard_begin_async() has completed. The callee owns the turn, which is NULL after a failure
 * and if the key is absent.
 */
typedef void (*zkcoord_load_turn_fn)(zkcoord_status status,
                                     zkcoord_load_turn *turn,
                                     const zkcoord_error *error,
                                     void *user_data);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Returns the version of the loaded library, like "1.2.3". ZKCOORD_VERSION is the version of the header. The text is
 * static.
 */
ZKCOORD_API const char *zkcoord_version(void);

/**
 * Returns the name of a status without its prefix, like "TIMEOUT", for logs; "UNKNOWN" for any other number. The text
 * is static.
 */
ZKCOORD_API const char *zkcoord_status_name(int32_t status);

/**
 * Returns the status that the failed call returned; ZKCOORD_STATUS_OK for NULL.
 */
ZKCOORD_API zkcoord_status zkcoord_error_status(const zkcoord_error *error);

/**
 * Returns a message for people that says what happened; "" for NULL. Valid until the error is freed.
 */
ZKCOORD_API const char *zkcoord_error_message(const zkcoord_error *error);

/**
 * Takes ownership of the error and frees it. NULL is allowed.
 */
ZKCOORD_API void zkcoord_error_free(zkcoord_error *error);

/**
 * Sets the callback that receives the log lines of all clients in the process, down to `level`, a zkcoord_log_level:
 * with ZKCOORD_LOG_LEVEL_WARN, warnings and errors. Replaces the previous callback; initially there is none. With NULL
 * as `fn`, or with ZKCOORD_LOG_LEVEL_OFF, no callback is called any more.
 *
 * See "Callbacks" above for `destroy`. As `fn` runs on the callback thread, a slow `fn` delays other callbacks, but no
 * client. If more than 1000 lines are waiting for it, further lines are dropped, and the next line is preceded by one
 * that says how many.
 *
 * Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `level` is not a zkcoord_log_level, and with
 * ZKCOORD_STATUS_UNSUPPORTED if the library is linked statically into a Rust program that has a subscriber of its own,
 * which then receives the log.
 */
ZKCOORD_API
zkcoord_status zkcoord_set_log(int32_t level,
                               zkcoord_log_fn fn,
                               void *user_data,
                               zkcoord_destroy_fn destroy,
                               zkcoord_error **err);

/**
 * Cancels the operation. `done` then receives ZKCOORD_STATUS_CANCELLED, unless it has been called already or is about
 * to be called with the outcome of the operation. A guard that it receives in this case must still be freed.
 *
 * A cancelled operation leaves nothing behind: a lock granted at the same moment is released. A write that was already
 * sent may or may not be applied. Does not block. May be called more than once. NULL is allowed. Has no effect in a
 * child of fork().
 */
ZKCOORD_API void zkcoord_op_cancel(const zkcoord_op *op);

/**
 * Blocks until `done` has returned and `user_data` has been destroyed. zkcoord does not use either of them after that.
 *
 * Fails with ZKCOORD_STATUS_TIMEOUT if `timeout_ms` expires first; the operation continues. Fails with
 * ZKCOORD_STATUS_WOULD_DEADLOCK in a callback, including this `done`.
 */
ZKCOORD_API zkcoord_status zkcoord_op_wait(const zkcoord_op *op, int64_t timeout_ms, zkcoord_error **err);

/**
 * Takes ownership of the op and frees it. NULL is allowed. The operation continues: this does not cancel it. May be
 * called in `done`.
 */
ZKCOORD_API void zkcoord_op_free(zkcoord_op *op);

/**
 * Takes ownership of the subscription, ends its calls and frees it. No call begins after this, and `user_data` is
 * destroyed. Does not wait for a call in progress. NULL is allowed. May be called in the callback.
 */
ZKCOORD_API void zkcoord_subscription_free(zkcoord_subscription *subscription);

/**
 * Returns new options with the default values; free them with zkcoord_options_free().
 */
ZKCOORD_API zkcoord_options *zkcoord_options_new(void);

/**
 * Sets how many milliseconds the servers keep the session, and with it its locks, without hearing from the client.
 * The servers may grant less or more. Default: 10000.
 *
 * Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `timeout_ms` is negative. zkcoord_client_connect() refuses less
 * than 100 ms and more than 24 h.
 */
ZKCOORD_API
zkcoord_status zkcoord_options_set_session_timeout(zkcoord_options *options,
                                                   int64_t timeout_ms,
                                                   zkcoord_error **err);

/**
 * Sets how many milliseconds zkcoord_client_connect() may take. A negative timeout never expires. Default: 10000.
 * zkcoord_client_connect() refuses 0.
 */
ZKCOORD_API
zkcoord_status zkcoord_options_set_connect_timeout(zkcoord_options *options,
                                                   int64_t timeout_ms,
                                                   zkcoord_error **err);

/**
 * Sets the text that identifies the client in a queue, at most 1024 bytes. Default: "host:pid".
 *
 * Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `identity` is NULL or not UTF-8. zkcoord_client_connect() checks
 * the rest.
 */
ZKCOORD_API zkcoord_status zkcoord_options_set_identity(zkcoord_options *options, const char *identity, zkcoord_error **err);

/**
 * Adds credentials for authentication, like the scheme "digest" with the data "user:password" of `len` bytes,
 * which is copied. May be called several times.
 *
 * Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `scheme` is NULL or empty, and if `data` is NULL and `len` is not
 * 0.
 */
ZKCOORD_API
zkcoord_status zkcoord_options_add_auth(zkcoord_options *options,
                                        const char *scheme,
                                        const uint8_t *data,
                                        size_t len,
                                        zkcoord_error **err);

/**
 * Sets whether connections are encrypted. Default: false. Every zkcoord_options_set_tls_...() function also turns
 * encryption on, and so do hosts that all begin with "tcp+tls://". False discards the values that those functions
 * have set.
 *
 * zkcoord_client_connect() fails with ZKCOORD_STATUS_INVALID_ARGUMENT if a file cannot be used, with
 * ZKCOORD_STATUS_CONNECTION_LOST and a message that gives the reason if TLS fails with all servers, and with
 * ZKCOORD_STATUS_UNSUPPORTED if this library was built without TLS. Clients read their files again for every new
 * connection, so renewed certificates need no restart.
 */
ZKCOORD_API zkcoord_status zkcoord_options_set_tls(zkcoord_options *options, bool enabled, zkcoord_error **err);

/**
 * Sets the PEM file with the certificates of the trusted authorities. No others are trusted then. Default: those
 * of the system, which the environment variable SSL_CERT_FILE can name.
 *
 * Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `file` is NULL or not UTF-8. zkcoord_client_connect() reads the
 * file.
 */
ZKCOORD_API zkcoord_status zkcoord_options_set_tls_ca(zkcoord_options *options, const char *file, zkcoord_error **err);

/**
 * Sets the PEM file with the certificate that the client presents to servers. Servers ask for one unless their
 * ssl.clientAuth is "none". Requires zkcoord_options_set_tls_key().
 *
 * Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `file` is NULL or not UTF-8. zkcoord_client_connect() reads the
 * file.
 */
ZKCOORD_API zkcoord_status zkcoord_options_set_tls_cert(zkcoord_options *options, const char *file, zkcoord_error **err);

/**
 * Sets the PEM file with the unencrypted private key of the certificate. It may be the same file.
 *
 * Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `file` is NULL or not UTF-8. zkcoord_client_connect() reads the
 * file.
 */
ZKCOORD_API zkcoord_status zkcoord_options_set_tls_key(zkcoord_options *options, const char *file, zkcoord_error **err);

/**
 * Sets whether a server's certificate must be valid for the host named in `hosts`. Default: true. Without this
 * check, anyone with a certificate of a trusted authority can impersonate the server.
 */
ZKCOORD_API
zkcoord_status zkcoord_options_set_tls_verify_hostname(zkcoord_options *options,
                                                       bool verify,
                                                       zkcoord_error **err);

/**
 * Sets who may access the nodes that the client creates: "open" (everyone; the default), "creator" (only clients
 * that authenticated like the creator), or "read" (the creator has all rights, everyone may read).
 *
 * Fails with ZKCOORD_STATUS_INVALID_ARGUMENT for any other name.
 */
ZKCOORD_API zkcoord_status zkcoord_options_set_acl(zkcoord_options *options, const char *acl, zkcoord_error **err);

/**
 * Takes ownership of the options and frees them. NULL is allowed. Clients that were connected with them are not
 * affected.
 */
ZKCOORD_API void zkcoord_options_free(zkcoord_options *options);

/**
 * Connects to `hosts`, like "zk1:2181,zk2:2181/app", and blocks until that is done. The chroot after the servers
 * is created if it does not exist. Borrows `options` for the call; NULL means the defaults. Returns a new client;
 * free it with zkcoord_client_free().
 *
 * Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `hosts` or an option is invalid, with
 * ZKCOORD_STATUS_CONNECTION_LOST if no server answers within the connect timeout, with
 * ZKCOORD_STATUS_NOT_AUTHORIZED if the servers refuse the authentication or access to the chroot, and with
 * ZKCOORD_STATUS_UNSUPPORTED if TLS is requested and this library was built without it.
 */
ZKCOORD_API
zkcoord_status zkcoord_client_connect(const char *hosts,
                                      const zkcoord_options *options,
                                      zkcoord_client **out,
                                      zkcoord_error **err);

/**
 * Stores the current state of the client in `*out`.
 */
ZKCOORD_API zkcoord_status zkcoord_client_state(const zkcoord_client *client, zkcoord_state *out, zkcoord_error **err);

/**
 * Calls `fn` with every new state, until the subscription is freed or the client is closed, which is the last state.
 * If states change faster than `fn` returns, some are skipped, but never the latest one.
 *
 * Returns a new subscription in `*subscription`, which may be NULL; free it with zkcoord_subscription_free(). A
 * subscription does not keep the client open. See "Callbacks" above for `destroy`.
 */
ZKCOORD_API
zkcoord_status zkcoord_client_on_state(const zkcoord_client *client,
                                       zkcoord_state_fn fn,
                                       void *user_data,
                                       zkcoord_destroy_fn destroy,
                                       zkcoord_subscription **subscription,
                                       zkcoord_error **err);

/**
 * Stores the id of the current session in `*out`; 0 if there is none.
 */
ZKCOORD_API zkcoord_status zkcoord_client_session_id(const zkcoord_client *client, int64_t *out, zkcoord_error **err);

/**
 * Stores the session timeout in `*out`, in milliseconds: the one that the server granted, or the requested one
 * while there is no session.
 */
ZKCOORD_API zkcoord_status zkcoord_client_session_timeout(const zkcoord_client *client, int64_t *out, zkcoord_error **err);

/**
 * Asks the holder of a lock to release it, by writing to the holder's `node` as Curator's Revoker does; see
 * zkcoord_queue_node(). Replaces the text in the node. The holder decides whether it releases the lock. Blocks
 * until the server has answered, and stores in `*out` whether the node exists.
 *
 * Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `node` is not the path of a contender's node, and with
 * ZKCOORD_STATUS_NOT_AUTHORIZED if the server refuses.
 */
ZKCOORD_API
zkcoord_status zkcoord_client_request_revoke(const zkcoord_client *client,
                                             const char *node,
                                             int64_t timeout_ms,
                                             bool *out,
                                             zkcoord_error **err);

/**
 * Closes the client, and blocks until the server has confirmed it. This ends the session and so releases all its
 * locks. Operations in progress and all later calls fail with ZKCOORD_STATUS_CLOSED. May be called more than once.
 * The client must still be freed.
 *
 * Fails with ZKCOORD_STATUS_TIMEOUT if the server does not confirm it in time; the client is closed nevertheless.
 */
ZKCOORD_API zkcoord_status zkcoord_client_close(zkcoord_client *client, int64_t timeout_ms, zkcoord_error **err);

/**
 * Takes ownership of the client and frees it. NULL is allowed. The session ends, in the background, when every object
 * that was created from the client has been freed too.
 */
ZKCOORD_API void zkcoord_client_free(zkcoord_client *client);

/**
 * Returns new options with the default values; free them with zkcoord_mutex_options_free().
 */
ZKCOORD_API zkcoord_mutex_options *zkcoord_mutex_options_new(void);

/**
 * Sets the naming scheme of the nodes that the lock creates: "curator" (the default; go-zookeeper can read them
 * too) or "kazoo". All clients that share the path must be able to read the names.
 *
 * Fails with ZKCOORD_STATUS_INVALID_ARGUMENT for any other name.
 */
ZKCOORD_API
zkcoord_status zkcoord_mutex_options_set_scheme(zkcoord_mutex_options *options,
                                                const char *scheme,
                                                zkcoord_error **err);

/**
 * Sets how many times in a row the threads of this client may hand a mutex to each other without any request,
 * before it is the turn of other clients. With 0, the default, the lock is granted strictly in the order of the
 * server's queue. More than 0 is for zkcoord_mutex only: the constructors of other locks refuse it.
 *
 * All acquires with more than 0, through any mutex of the client with the same path, share one local queue, which
 * is represented by a single node in the server's queue. Each holder's own `max` decides whether the lock may be
 * handed on. Consecutive guards of a handed-over lock share its node and token. They never overlap, but a receiver
 * that checks tokens cannot tell them apart. A lock that was lost, or whose release was requested, is not handed
 * over.
 *
 * Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `max` is not from 0 to 4294967295.
 */
ZKCOORD_API
zkcoord_status zkcoord_mutex_options_set_handoff(zkcoord_mutex_options *options,
                                                 int64_t max,
                                                 zkcoord_error **err);

/**
 * Takes ownership of the options and frees them. NULL is allowed. Locks that were created with them are not affected.
 */
ZKCOORD_API void zkcoord_mutex_options_free(zkcoord_mutex_options *options);

/**
 * Creates a mutex at `path`, an absolute znode path below the client's chroot. Sends no request. Borrows both for
 * the call. Returns a new mutex; free it with zkcoord_mutex_free().
 *
 * Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `path` is invalid.
 */
ZKCOORD_API
zkcoord_status zkcoord_mutex_new(const zkcoord_client *client,
                                 const char *path,
                                 zkcoord_mutex **out,
                                 zkcoord_error **err);

/**
 * Creates a mutex as zkcoord_mutex_new() does, with options, which it borrows for the call; NULL means the
 * defaults.
 */
ZKCOORD_API
zkcoord_status zkcoord_mutex_new_with_options(const zkcoord_client *client,
                                              const char *path,
                                              const zkcoord_mutex_options *options,
                                              zkcoord_mutex **out,
                                              zkcoord_error **err);

/**
 * Acquires the lock, and blocks until it is held. Returns a new guard; free it with zkcoord_guard_free(), which
 * releases the lock.
 *
 * Fails with ZKCOORD_STATUS_TIMEOUT if `timeout_ms` expires first. No lock is held then, and no node is left
 * behind. Fails with ZKCOORD_STATUS_WOULD_DEADLOCK also if this thread would wait for a lock that it holds itself,
 * with the same client, through a zkcoord_reentrant_mutex or a zkcoord_rw_lock. Waits for a lock that the thread
 * holds through a zkcoord_mutex. Fails with ZKCOORD_STATUS_NOT_AUTHORIZED, ZKCOORD_STATUS_QUOTA or
 * ZKCOORD_STATUS_SEQUENCE_EXHAUSTED if the server refuses.
 */
ZKCOORD_API
zkcoord_status zkcoord_mutex_acquire(const zkcoord_mutex *mutex,
                                     int64_t timeout_ms,
                                     zkcoord_guard **out,
                                     zkcoord_error **err);

/**
 * Acquires the lock if it is free. Blocks for the server's answer, but does not wait for other holders. Returns a
 * new guard, to be freed with zkcoord_guard_free(), or NULL with ZKCOORD_STATUS_OK if the lock is taken.
 *
 * Fails with ZKCOORD_STATUS_CONNECTION_LOST if there is no connection; otherwise as zkcoord_mutex_acquire().
 */
ZKCOORD_API zkcoord_status zkcoord_mutex_try_acquire(const zkcoord_mutex *mutex, zkcoord_guard **out, zkcoord_error **err);

/**
 * Reads the holders and the waiters of the lock, and blocks for the server's answer. Returns a new queue; free it
 * with zkcoord_queue_free().
 *
 * Fails with ZKCOORD_STATUS_NOT_AUTHORIZED if the server refuses.
 */
ZKCOORD_API
zkcoord_status zkcoord_mutex_inspect(const zkcoord_mutex *mutex,
                                     int64_t timeout_ms,
                                     zkcoord_queue **out,
                                     zkcoord_error **err);

/**
 * Returns new statistics: how long the calls of zkcoord_mutex_acquire() with this mutex took so far, and how long
 * it was held. Free them with zkcoord_stats_free(). Sends no request.
 */
ZKCOORD_API zkcoord_status zkcoord_mutex_stats(const zkcoord_mutex *mutex, zkcoord_stats **out, zkcoord_error **err);

/**
 * Takes ownership of the mutex and frees it. NULL is allowed. Its guards stay valid.
 */
ZKCOORD_API void zkcoord_mutex_free(zkcoord_mutex *mutex);

/**
 * Creates a reentrant mutex at `path`, an absolute znode path below the client's chroot. Sends no request. Borrows
 * both for the call. Returns a new reentrant mutex; free it with zkcoord_reentrant_mutex_free().
 *
 * Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `path` is invalid.
 */
ZKCOORD_API
zkcoord_status zkcoord_reentrant_mutex_new(const zkcoord_client *client,
                                           const char *path,
                                           zkcoord_reentrant_mutex **out,
                                           zkcoord_error **err);

/**
 * Creates a reentrant mutex as zkcoord_reentrant_mutex_new() does, with options, which it borrows for the call;
 * NULL means the defaults.
 */
ZKCOORD_API
zkcoord_status zkcoord_reentrant_mutex_new_with_options(const zkcoord_client *client,
                                                        const char *path,
                                                        const zkcoord_mutex_options *options,
                                                        zkcoord_reentrant_mutex **out,
                                                        zkcoord_error **err);

/**
 * Acquires the lock, and blocks until this thread holds it. Returns at once if the thread already holds it.
 * Returns a new guard; free it with zkcoord_guard_free(), which releases this acquisition of the lock.
 *
 * Fails with ZKCOORD_STATUS_WOULD_DEADLOCK also if this thread holds a lock at the path through a zkcoord_rw_lock
 * of the same client. Waits for a lock that the thread holds through a zkcoord_mutex, because that has no owner.
 * Otherwise as zkcoord_mutex_acquire().
 */
ZKCOORD_API
zkcoord_status zkcoord_reentrant_mutex_acquire(const zkcoord_reentrant_mutex *mutex,
                                               int64_t timeout_ms,
                                               zkcoord_guard **out,
                                               zkcoord_error **err);

/**
 * Acquires the lock if it is free, or if this thread already holds it. Blocks for the server's answer, but does
 * not wait for other holders. Returns a new guard, to be freed with zkcoord_guard_free(), or NULL with
 * ZKCOORD_STATUS_OK if the lock is held by another owner.
 *
 * Fails as zkcoord_mutex_try_acquire() does.
 */
ZKCOORD_API
zkcoord_status zkcoord_reentrant_mutex_try_acquire(const zkcoord_reentrant_mutex *mutex,
                                                   zkcoord_guard **out,
                                                   zkcoord_error **err);

/**
 * Reads the queue of the lock as zkcoord_mutex_inspect() does. A lock that a thread has acquired several times
 * appears once.
 */
ZKCOORD_API
zkcoord_status zkcoord_reentrant_mutex_inspect(const zkcoord_reentrant_mutex *mutex,
                                               int64_t timeout_ms,
                                               zkcoord_queue **out,
                                               zkcoord_error **err);

/**
 * Returns new statistics as zkcoord_mutex_stats() does; free them with zkcoord_stats_free().
 */
ZKCOORD_API
zkcoord_status zkcoord_reentrant_mutex_stats(const zkcoord_reentrant_mutex *mutex,
                                             zkcoord_stats **out,
                                             zkcoord_error **err);

/**
 * Takes ownership of the reentrant mutex and frees it. NULL is allowed. Its guards stay valid.
 */
ZKCOORD_API void zkcoord_reentrant_mutex_free(zkcoord_reentrant_mutex *mutex);

/**
 * Creates a read/write lock at `path`, an absolute znode path below the client's chroot. Sends no request. Borrows
 * both for the call. Returns a new lock; free it with zkcoord_rw_lock_free().
 *
 * Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `path` is invalid.
 */
ZKCOORD_API
zkcoord_status zkcoord_rw_lock_new(const zkcoord_client *client,
                                   const char *path,
                                   zkcoord_rw_lock **out,
                                   zkcoord_error **err);

/**
 * Creates a read/write lock as zkcoord_rw_lock_new() does, with options, which it borrows for the call; NULL means
 * the defaults.
 */
ZKCOORD_API
zkcoord_status zkcoord_rw_lock_new_with_options(const zkcoord_client *client,
                                                const char *path,
                                                const zkcoord_mutex_options *options,
                                                zkcoord_rw_lock **out,
                                                zkcoord_error **err);

/**
 * Returns the read side as a new mutex, which any number may hold at once while no one holds that of
 * zkcoord_rw_lock_write(); free it with zkcoord_mutex_free(). It stays valid after the lock is freed.
 * zkcoord_mutex_stats() covers all mutexes that this function has returned for the lock.
 */
ZKCOORD_API zkcoord_status zkcoord_rw_lock_read(const zkcoord_rw_lock *lock, zkcoord_mutex **out, zkcoord_error **err);

/**
 * Returns the write side as a new mutex, which only one may hold at a time; free it with zkcoord_mutex_free().
 * Otherwise as zkcoord_rw_lock_read().
 */
ZKCOORD_API zkcoord_status zkcoord_rw_lock_write(const zkcoord_rw_lock *lock, zkcoord_mutex **out, zkcoord_error **err);

/**
 * Takes ownership of the lock and frees it. NULL is allowed. Its mutexes and guards stay valid.
 */
ZKCOORD_API void zkcoord_rw_lock_free(zkcoord_rw_lock *lock);

/**
 * Creates a multi mutex for `count` paths, in any order. Sends no request. Borrows all arguments for the call.
 * Returns a new multi mutex; free it with zkcoord_multi_mutex_free().
 *
 * Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if a path is invalid or `count` is 0.
 */
ZKCOORD_API
zkcoord_status zkcoord_multi_mutex_new(const zkcoord_client *client,
                                       const char *const *paths,
                                       size_t count,
                                       zkcoord_multi_mutex **out,
                                       zkcoord_error **err);

/**
 * Creates a multi mutex as zkcoord_multi_mutex_new() does, with options, which it borrows for the call; NULL means
 * the defaults.
 */
ZKCOORD_API
zkcoord_status zkcoord_multi_mutex_new_with_options(const zkcoord_client *client,
                                                    const char *const *paths,
                                                    size_t count,
                                                    const zkcoord_mutex_options *options,
                                                    zkcoord_multi_mutex **out,
                                                    zkcoord_error **err);

/**
 * Acquires all the locks, and blocks until they are held. Returns a new guard; free it with zkcoord_guard_free(),
 * which releases them.
 *
 * Fails as zkcoord_mutex_acquire() does.
 */
ZKCOORD_API
zkcoord_status zkcoord_multi_mutex_acquire(const zkcoord_multi_mutex *mutex,
                                           int64_t timeout_ms,
                                           zkcoord_guard **out,
                                           zkcoord_error **err);

/**
 * Acquires all the locks if all of them are free. Blocks for the server's answers, but does not wait for other
 * holders. Returns a new guard, to be freed with zkcoord_guard_free(), or NULL with ZKCOORD_STATUS_OK if one of
 * the locks is taken.
 *
 * Fails as zkcoord_mutex_try_acquire() does.
 */
ZKCOORD_API
zkcoord_status zkcoord_multi_mutex_try_acquire(const zkcoord_multi_mutex *mutex,
                                               zkcoord_guard **out,
                                               zkcoord_error **err);

/**
 * Returns new statistics as zkcoord_mutex_stats() does; free them with zkcoord_stats_free().
 */
ZKCOORD_API
zkcoord_status zkcoord_multi_mutex_stats(const zkcoord_multi_mutex *mutex,
                                         zkcoord_stats **out,
                                         zkcoord_error **err);

/**
 * Takes ownership of the multi mutex and frees it. NULL is allowed. Its guards stay valid.
 */
ZKCOORD_API void zkcoord_multi_mutex_free(zkcoord_multi_mutex *mutex);

/**
 * Creates a semaphore with `permits` permits at `path`, an absolute znode path below the client's chroot. Sends no
 * request. Borrows both for the call. Returns a new semaphore; free it with zkcoord_semaphore_free().
 *
 * Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `path` is invalid or `permits` is not from 1 to 2147483647.
 */
ZKCOORD_API
zkcoord_status zkcoord_semaphore_new(const zkcoord_client *client,
                                     const char *path,
                                     int64_t permits,
                                     zkcoord_semaphore **out,
                                     zkcoord_error **err);

/**
 * Acquires `permits` permits, all at once, and blocks until they are held. Returns a new guard; free it with
 * zkcoord_guard_free(), which releases them.
 *
 * Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `permits` is 0, more than 500, or more than the semaphore has.
 * Otherwise as zkcoord_mutex_acquire().
 */
ZKCOORD_API
zkcoord_status zkcoord_semaphore_acquire(const zkcoord_semaphore *semaphore,
                                         int64_t permits,
                                         int64_t timeout_ms,
                                         zkcoord_guard **out,
                                         zkcoord_error **err);

/**
 * Acquires `permits` permits if they are free and no one waits for permits. Blocks for the server's answer, but
 * does not wait for other holders. Returns a new guard, to be freed with zkcoord_guard_free(), or NULL with
 * ZKCOORD_STATUS_OK if the permits are not available.
 *
 * Fails with ZKCOORD_STATUS_INVALID_ARGUMENT as zkcoord_semaphore_acquire() does; otherwise as
 * zkcoord_mutex_try_acquire().
 */
ZKCOORD_API
zkcoord_status zkcoord_semaphore_try_acquire(const zkcoord_semaphore *semaphore,
                                             int64_t permits,
                                             zkcoord_guard **out,
                                             zkcoord_error **err);

/**
 * Returns new statistics as zkcoord_mutex_stats() does; free them with zkcoord_stats_free().
 */
ZKCOORD_API
zkcoord_status zkcoord_semaphore_stats(const zkcoord_semaphore *semaphore,
                                       zkcoord_stats **out,
                                       zkcoord_error **err);

/**
 * Takes ownership of the semaphore and frees it. NULL is allowed. Its guards stay valid.
 */
ZKCOORD_API void zkcoord_semaphore_free(zkcoord_semaphore *semaphore);

/**
 * Returns the fencing token, which is larger than those of all earlier holders; 0 for NULL. Pass it along with every
 * write, and let the receiver refuse a token that is smaller than one it has already seen.
 */
ZKCOORD_API uint64_t zkcoord_guard_token(const zkcoord_guard *guard);

/**
 * Returns the path of the lock's node, below the client's chroot, or of the first one if there are several; NULL for
 * NULL. Valid until the guard is freed.
 */
ZKCOORD_API const char *zkcoord_guard_node(const zkcoord_guard *guard);

/**
 * Returns the number of nodes of the guard, each of which has a token: one per lock of a multi mutex, in the order of
 * the paths; one per permit of a semaphore; otherwise 1. Returns 0 for NULL.
 */
ZKCOORD_API size_t zkcoord_guard_token_count(const zkcoord_guard *guard);

/**
 * Returns the fencing token of the guard's node at `index`; 0 for NULL and if `index` is out of range. A token fences
 * only what its own lock protects, so compare only tokens of the same path.
 */
ZKCOORD_API uint64_t zkcoord_guard_token_at(const zkcoord_guard *guard, size_t index);

/**
 * Returns the path of the guard's node at `index`, below the client's chroot; NULL for NULL and if `index` is out of
 * range. Valid until the guard is freed.
 */
ZKCOORD_API const char *zkcoord_guard_node_at(const zkcoord_guard *guard, size_t index);

/**
 * Returns whether the lock is certainly held at this moment; false for NULL and in a child of fork(). Sends no
 * request.
 */
ZKCOORD_API bool zkcoord_guard_is_held(const zkcoord_guard *guard);

/**
 * Checks that the lock is certainly held at this moment. Sends no request.
 *
 * Fails with ZKCOORD_STATUS_LOCK_LOST if the lock is no longer held, or may no longer be; the message gives the
 * reason.
 */
ZKCOORD_API zkcoord_status zkcoord_guard_check(const zkcoord_guard *guard, zkcoord_error **err);

/**
 * Returns for how many more milliseconds the lock is certainly held if no server answers from now on; 0 if it is no
 * longer held, for NULL and in a child of fork(). Sends no request.
 *
 * While servers answer, it stays between 3/8 and 5/8 of the session timeout. When it reaches 0, the lock is lost. The
 * deletion of the lock's node by someone else is not announced in this way.
 */
ZKCOORD_API int64_t zkcoord_guard_lease_remaining(const zkcoord_guard *guard);

/**
 * Calls `fn(user_data)` once when the lock is lost: soon, if it is lost already; never, if it is released or freed
 * first. May be called several times. See "Callbacks" above for `destroy`, which may be NULL.
 */
ZKCOORD_API
zkcoord_status zkcoord_guard_on_lost(const zkcoord_guard *guard,
                                     void (*fn)(void *user_data),
                                     void *user_data,
                                     void (*destroy)(void *user_data),
                                     zkcoord_error **err);

/**
 * Returns whether another client has asked for the release of the lock, with zkcoord_client_request_revoke() or
 * Curator's Revoker; false for NULL and in a child of fork(). The lock stays held, and the holder decides.
 */
ZKCOORD_API bool zkcoord_guard_is_revoke_requested(const zkcoord_guard *guard);

/**
 * Calls `fn(user_data)` once when another client asks for the release of the lock: soon, if that has happened
 * already; never, if the lock is released, freed or lost first. May be called several times. See "Callbacks" above
 * for `destroy`, which may be NULL.
 */
ZKCOORD_API
zkcoord_status zkcoord_guard_on_revoke(const zkcoord_guard *guard,
                                       void (*fn)(void *user_data),
                                       void *user_data,
                                       void (*destroy)(void *user_data),
                                       zkcoord_error **err);

/**
 * Sets the data of the node at `path`, below the client's chroot, on two conditions, which the server itself
 * checks: the lock is still held, and the node is at `version`, unless that is -1. Copies `data`. Blocks until the
 * server has answered.
 *
 * Fails with ZKCOORD_STATUS_LOCK_LOST if the lock's node is gone, and with ZKCOORD_STATUS_INVALID_ARGUMENT if
 * there is no node at `path` or it is at another version; nothing is written then. Fails with
 * ZKCOORD_STATUS_INDETERMINATE if the connection was lost or the timeout expired after the write was sent, and
 * with ZKCOORD_STATUS_NOT_AUTHORIZED or ZKCOORD_STATUS_QUOTA if the server refuses.
 */
ZKCOORD_API
zkcoord_status zkcoord_guard_set_data(const zkcoord_guard *guard,
                                      const char *path,
                                      const uint8_t *data,
                                      size_t len,
                                      int32_t version,
                                      int64_t timeout_ms,
                                      zkcoord_error **err);

/**
 * Creates a persistent node at `path` with `data`, on condition that the lock is still held.
 *
 * Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if the node already exists or its parent does not exist. Otherwise as
 * zkcoord_guard_set_data().
 */
ZKCOORD_API
zkcoord_status zkcoord_guard_create(const zkcoord_guard *guard,
                                    const char *path,
                                    const uint8_t *data,
                                    size_t len,
                                    int64_t timeout_ms,
                                    zkcoord_error **err);

/**
 * Deletes the node at `path`, on condition that the lock is still held, and that the node is at `version`, unless
 * that is -1.
 *
 * Fails with ZKCOORD_STATUS_INVALID_ARGUMENT also if the node has children. Otherwise as zkcoord_guard_set_data().
 */
ZKCOORD_API
zkcoord_status zkcoord_guard_delete(const zkcoord_guard *guard,
                                    const char *path,
                                    int32_t version,
                                    int64_t timeout_ms,
                                    zkcoord_error **err);

/**
 * Releases the lock, and blocks until the server has confirmed it. May be called more than once, and after a loss.
 * The guard must still be freed.
 *
 * Fails with ZKCOORD_STATUS_TIMEOUT if the server does not confirm it in time; the release continues in the
 * background. Never fails with ZKCOORD_STATUS_LOCK_LOST.
 */
ZKCOORD_API zkcoord_status zkcoord_guard_release(zkcoord_guard *guard, int64_t timeout_ms, zkcoord_error **err);

/**
 * Takes ownership of the guard, frees it, and releases its lock in the background. NULL is allowed. In a child of
 * fork(), the lock stays with the parent.
 */
ZKCOORD_API void zkcoord_guard_free(zkcoord_guard *guard);

/**
 * Returns the number of contenders, which hold or wait. Their indexes begin with 0, in order of arrival.
 */
ZKCOORD_API size_t zkcoord_queue_count(const zkcoord_queue *queue);

/**
 * Returns the path of the contender's node, below the client's chroot, as zkcoord_client_request_revoke() takes it.
 * Valid until the queue is freed.
 */
ZKCOORD_API const char *zkcoord_queue_node(const zkcoord_queue *queue, size_t index);

/**
 * Returns the text in the contender's node, with which it identifies itself; see zkcoord_options_set_identity(). Valid
 * until the queue is freed.
 */
ZKCOORD_API const char *zkcoord_queue_identity(const zkcoord_queue *queue, size_t index);

/**
 * Returns the id of the contender's session; 0 if its node is not ephemeral.
 */
ZKCOORD_API int64_t zkcoord_queue_session_id(const zkcoord_queue *queue, size_t index);

/**
 * Returns whether the contender holds the lock; otherwise it waits for it.
 */
ZKCOORD_API bool zkcoord_queue_is_holder(const zkcoord_queue *queue, size_t index);

/**
 * Returns whether the contender is a reader, which can hold the lock together with other readers.
 */
ZKCOORD_API bool zkcoord_queue_is_reader(const zkcoord_queue *queue, size_t index);

/**
 * Returns the library that created the contender's node, as far as the node's name shows: "zkcoord", "curator",
 * "kazoo", "go-zookeeper", "zookeeper-recipe" or "other". Valid until the queue is freed.
 */
ZKCOORD_API const char *zkcoord_queue_library(const zkcoord_queue *queue, size_t index);

/**
 * Returns the time at which the contender queued, in milliseconds since 1970 by the server's clock.
 */
ZKCOORD_API int64_t zkcoord_queue_waiting_since(const zkcoord_queue *queue, size_t index);

/**
 * Returns the number of warnings; 0 if all contenders can see each other.
 */
ZKCOORD_API size_t zkcoord_queue_warning_count(const zkcoord_queue *queue);

/**
 * Returns a warning: a text that describes a problem of the queue so that one can act on it, such as libraries that
 * share the queue but do not exclude each other. Valid until the queue is freed.
 */
ZKCOORD_API const char *zkcoord_queue_warning(const zkcoord_queue *queue, size_t index);

/**
 * Takes ownership of the queue and frees it. NULL is allowed. The lock is not affected.
 */
ZKCOORD_API void zkcoord_queue_free(zkcoord_queue *queue);

/**
 * Returns the number of successful waits.
 */
ZKCOORD_API uint64_t zkcoord_stats_count(const zkcoord_stats *stats);

/**
 * Returns the number of waits that ended with ZKCOORD_STATUS_TIMEOUT.
 */
ZKCOORD_API uint64_t zkcoord_stats_timeouts(const zkcoord_stats *stats);

/**
 * Returns the mean of the waits, in seconds.
 */
ZKCOORD_API double zkcoord_stats_mean(const zkcoord_stats *stats);

/**
 * Returns the standard deviation of the waits, in seconds.
 */
ZKCOORD_API double zkcoord_stats_stddev(const zkcoord_stats *stats);

/**
 * Returns the median of the waits, in seconds: half of them took no longer.
 */
ZKCOORD_API double zkcoord_stats_p50(const zkcoord_stats *stats);

/**
 * Returns the 99th percentile of the waits, in seconds: 99 % of them took no longer.
 */
ZKCOORD_API double zkcoord_stats_p99(const zkcoord_stats *stats);

/**
 * Returns the probability, from 0 to 1, that a wait ends within `budget_ms` milliseconds. A negative budget is
 * infinite and gives 1. Returns NaN before the second wait, and for NULL.
 *
 * Waits are assumed to have a logistic distribution: P = 1 / (1 + e^-k), k = (budget - mean) / (stddev * sqrt(3) /
 * pi). After n waits the error is at most about 0.45 / sqrt(n): 0.1 with 20, 0.015 with 1000.
 */
ZKCOORD_API double zkcoord_stats_success_probability(const zkcoord_stats *stats, int64_t budget_ms);

/**
 * Returns the number of holds that ended.
 */
ZKCOORD_API uint64_t zkcoord_stats_hold_count(const zkcoord_stats *stats);

/**
 * Returns the mean of the holds, in seconds.
 */
ZKCOORD_API double zkcoord_stats_hold_mean(const zkcoord_stats *stats);

/**
 * Returns the standard deviation of the holds, in seconds.
 */
ZKCOORD_API double zkcoord_stats_hold_stddev(const zkcoord_stats *stats);

/**
 * Returns the median of the holds, in seconds: half of them took no longer.
 */
ZKCOORD_API double zkcoord_stats_hold_p50(const zkcoord_stats *stats);

/**
 * Returns the 99th percentile of the holds, in seconds: 99 % of them took no longer.
 */
ZKCOORD_API double zkcoord_stats_hold_p99(const zkcoord_stats *stats);

/**
 * Takes ownership of the statistics and frees them. NULL is allowed.
 */
ZKCOORD_API void zkcoord_stats_free(zkcoord_stats *stats);

/**
 * Returns new options with the default values; free them with zkcoord_counter_options_free().
 */
ZKCOORD_API zkcoord_counter_options *zkcoord_counter_options_new(void);

/**
 * Sets the format of the value in the node. All clients that share the counter must use the same format.
 * - "i64" (the default): 8 bytes, big-endian, as Curator's DistributedAtomicLong;
 * - "i32": 4 bytes, big-endian, as Curator's SharedCount and DistributedAtomicInteger, and kazoo's Counter with
 *   support_curator. Values must fit into an int32_t;
 * - "text": a decimal number in ASCII, as kazoo's Counter.
 *
 * Fails with ZKCOORD_STATUS_INVALID_ARGUMENT for any other name.
 */
ZKCOORD_API
zkcoord_status zkcoord_counter_options_set_format(zkcoord_counter_options *options,
                                                  const char *format,
                                                  zkcoord_error **err);

/**
 * Sets the value of a node that is missing or empty, from which the first change starts. Default: 0. It must be
 * within the bounds and the range of the format.
 */
ZKCOORD_API
zkcoord_status zkcoord_counter_options_set_default(zkcoord_counter_options *options,
                                                   int64_t value,
                                                   zkcoord_error **err);

/**
 * Sets the minimum value. A change whose result would be less fails with ZKCOORD_STATUS_OVERFLOW and changes
 * nothing. Default: the minimum of the format. The bound applies only to changes of this client through this
 * counter; values that others wrote are read unchanged.
 */
ZKCOORD_API
zkcoord_status zkcoord_counter_options_set_min(zkcoord_counter_options *options,
                                               int64_t value,
                                               zkcoord_error **err);

/**
 * Sets the maximum value. Default: the maximum of the format. Otherwise as zkcoord_counter_options_set_min().
 */
ZKCOORD_API
zkcoord_status zkcoord_counter_options_set_max(zkcoord_counter_options *options,
                                               int64_t value,
                                               zkcoord_error **err);

/**
 * Sets whether the client finds out the outcome of a change whose reply is lost, for which it creates an ephemeral
 * child of the counter's node. Default: true. False is for nodes whose ACL forbids children: a change whose reply
 * is lost then fails with ZKCOORD_STATUS_INDETERMINATE, unless the node itself proves that the change was not
 * applied.
 */
ZKCOORD_API
zkcoord_status zkcoord_counter_options_set_exactly_once(zkcoord_counter_options *options,
                                                        bool exactly_once,
                                                        zkcoord_error **err);

/**
 * Takes ownership of the options and frees them. NULL is allowed. Counters that were created with them are not
 * affected.
 */
ZKCOORD_API void zkcoord_counter_options_free(zkcoord_counter_options *options);

/**
 * Creates a counter at `path`, an absolute znode path below the client's chroot. Sends no request. Borrows both
 * for the call. Returns a new counter; free it with zkcoord_counter_free().
 *
 * Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `path` is invalid.
 */
ZKCOORD_API
zkcoord_status zkcoord_counter_new(const zkcoord_client *client,
                                   const char *path,
                                   zkcoord_counter **out,
                                   zkcoord_error **err);

/**
 * Creates a counter as zkcoord_counter_new() does, with options, which it borrows for the call; NULL means the
 * defaults.
 *
 * Fails with ZKCOORD_STATUS_INVALID_ARGUMENT also if the minimum is greater than the maximum, and if the default
 * value is out of bounds or out of the range of the format.
 */
ZKCOORD_API
zkcoord_status zkcoord_counter_new_with_options(const zkcoord_client *client,
                                                const char *path,
                                                const zkcoord_counter_options *options,
                                                zkcoord_counter **out,
                                                zkcoord_error **err);

/**
 * Adds `delta`, which may be negative, and stores the new value in `*out`.
 */
ZKCOORD_API
zkcoord_status zkcoord_counter_add(const zkcoord_counter *counter,
                                   int64_t delta,
                                   int64_t timeout_ms,
                                   int64_t *out,
                                   zkcoord_error **err);

/**
 * Adds 1 and stores the new value in `*out`.
 */
ZKCOORD_API
zkcoord_status zkcoord_counter_increment(const zkcoord_counter *counter,
                                         int64_t timeout_ms,
                                         int64_t *out,
                                         zkcoord_error **err);

/**
 * Subtracts 1 and stores the new value in `*out`.
 */
ZKCOORD_API
zkcoord_status zkcoord_counter_decrement(const zkcoord_counter *counter,
                                         int64_t timeout_ms,
                                         int64_t *out,
                                         zkcoord_error **err);

/**
 * Reads the value, and blocks for the server's answer. Stores it in `*out`. It includes every change acknowledged
 * before the call, because the connected server synchronizes with the leader first.
 *
 * This and the other functions that only read fail with ZKCOORD_STATUS_BAD_DATA if the node contains something
 * other than a counter, and with ZKCOORD_STATUS_NOT_AUTHORIZED if the server refuses.
 */
ZKCOORD_API
zkcoord_status zkcoord_counter_get(const zkcoord_counter *counter,
                                   int64_t timeout_ms,
                                   int64_t *out,
                                   zkcoord_error **err);

/**
 * Reads the value that the connected server has, and stores it in `*out`. It may lag behind values that other
 * callers have already received. Blocks for the server's answer.
 */
ZKCOORD_API
zkcoord_status zkcoord_counter_get_stale(const zkcoord_counter *counter,
                                         int64_t timeout_ms,
                                         int64_t *out,
                                         zkcoord_error **err);

/**
 * Sets the value.
 */
ZKCOORD_API
zkcoord_status zkcoord_counter_set(const zkcoord_counter *counter,
                                   int64_t value,
                                   int64_t timeout_ms,
                                   zkcoord_error **err);

/**
 * Sets the value and stores the previous one in `*out`.
 */
ZKCOORD_API
zkcoord_status zkcoord_counter_get_and_set(const zkcoord_counter *counter,
                                           int64_t value,
                                           int64_t timeout_ms,
                                           int64_t *out,
                                           zkcoord_error **err);

/**
 * Sets the value to `desired` if it is `expected`, and stores in `*out` whether it was.
 */
ZKCOORD_API
zkcoord_status zkcoord_counter_compare_and_set(const zkcoord_counter *counter,
                                               int64_t expected,
                                               int64_t desired,
                                               int64_t timeout_ms,
                                               bool *out,
                                               zkcoord_error **err);

/**
 * Reserves `n` consecutive numbers, `*out` to `*out + n - 1`, and stores the first of them in `*out`. The value
 * increases by `n`, to the last of them. No other call of this function or of zkcoord_counter_increment() returns
 * any of them, as long as no one decreases or sets the counter. The numbers of a call that fails may be lost.
 *
 * Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `n` is less than 1.
 */
ZKCOORD_API
zkcoord_status zkcoord_counter_reserve(const zkcoord_counter *counter,
                                       int64_t n,
                                       int64_t timeout_ms,
                                       int64_t *out,
                                       zkcoord_error **err);

/**
 * Returns new statistics: how long the changes through this counter took so far. Free them with
 * zkcoord_stats_free(). Sends no request.
 */
ZKCOORD_API zkcoord_status zkcoord_counter_stats(const zkcoord_counter *counter, zkcoord_stats **out, zkcoord_error **err);

/**
 * Takes ownership of the counter and frees it. NULL is allowed. Operations in progress continue, and its watches stay
 * valid.
 */
ZKCOORD_API void zkcoord_counter_free(zkcoord_counter *counter);

/**
 * Reads the value as zkcoord_counter_get() does, and blocks for the server's answer. Stores the value in `*out`, and
 * in `*out_version` the version of the node: how often it was written since its creation, or -1 if it is missing.
 * `*out_version` is 0 after a failure. Neither may be NULL.
 */
ZKCOORD_API
zkcoord_status zkcoord_counter_versioned(const zkcoord_counter *counter,
                                         int64_t timeout_ms,
                                         int64_t *out,
                                         int32_t *out_version,
                                         zkcoord_error **err);

/**
 * Calls `fn` with the counter's current value, soon, and then with each new value, until the subscription is freed. If
 * values change faster than `fn` returns, some are skipped, but never the latest one. Lost connections and the expiry
 * of the session do not end the calls.
 *
 * Returns a new subscription in `*subscription`, which may be NULL; free it with zkcoord_subscription_free(). Until
 * then it keeps the client's session open. See "Callbacks" above for `destroy`.
 *
 * `fn` is also called with failures. After ZKCOORD_STATUS_BAD_DATA, which means that the node contains something other
 * than a counter, it is called with later values. Any other failure, such as ZKCOORD_STATUS_CLOSED or
 * ZKCOORD_STATUS_NOT_AUTHORIZED, ends the calls. `error` is valid until `fn` returns.
 */
ZKCOORD_API
zkcoord_status zkcoord_counter_on_change(const zkcoord_counter *counter,
                                         zkcoord_int64_fn fn,
                                         void *user_data,
                                         zkcoord_destroy_fn destroy,
                                         zkcoord_subscription **subscription,
                                         zkcoord_error **err);

/**
 * Creates a watch on the counter, which it borrows for the call. Sends no request. Returns a new watch; free it
 * with zkcoord_counter_watch_free().
 */
ZKCOORD_API
zkcoord_status zkcoord_counter_watch_new(const zkcoord_counter *counter,
                                         zkcoord_counter_watch **out,
                                         zkcoord_error **err);

/**
 * Blocks until the value differs from that of the previous call, and stores it in `*out`. The first call returns
 * the current value at once. If values change faster than they are requested, some are skipped, but never the
 * latest one. A missing node has the counter's default value. Lost connections and the expiry of the session do
 * not end the wait. Calls of several threads take turns, and each value is returned to one of them.
 *
 * Fails with ZKCOORD_STATUS_TIMEOUT if there was no other value in time; the next call continues. Fails with
 * ZKCOORD_STATUS_BAD_DATA if the node contains something other than a counter; the next call waits until that has
 * changed. Fails with ZKCOORD_STATUS_NOT_AUTHORIZED if the server refuses.
 */
ZKCOORD_API
zkcoord_status zkcoord_counter_watch_next(const zkcoord_counter_watch *watch,
                                          int64_t timeout_ms,
                                          int64_t *out,
                                          zkcoord_error **err);

/**
 * Takes ownership of the watch and frees it. NULL is allowed. The counter is not affected.
 */
ZKCOORD_API void zkcoord_counter_watch_free(zkcoord_counter_watch *watch);

/**
 * Returns new options with the default values; free them with zkcoord_striped_counter_options_free().
 */
ZKCOORD_API zkcoord_striped_counter_options *zkcoord_striped_counter_options_new(void);

/**
 * Sets how many milliseconds an add may wait until it is written. Default: 100. With 0 it is written at once; adds
 * that are made during a write share the next one.
 *
 * Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `interval_ms` is negative.
 */
ZKCOORD_API
zkcoord_status zkcoord_striped_counter_options_set_flush_interval(zkcoord_striped_counter_options *options,
                                                                  int64_t interval_ms,
                                                                  zkcoord_error **err);

/**
 * Takes ownership of the options and frees them. NULL is allowed. Counters that were created with them are not
 * affected.
 */
ZKCOORD_API void zkcoord_striped_counter_options_free(zkcoord_striped_counter_options *options);

/**
 * Creates a striped counter at `path`, an absolute znode path below the client's chroot. Sends no request. Borrows
 * both for the call. Returns a new striped counter; free it with zkcoord_striped_counter_free().
 *
 * Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `path` is invalid.
 */
ZKCOORD_API
zkcoord_status zkcoord_striped_counter_new(const zkcoord_client *client,
                                           const char *path,
                                           zkcoord_striped_counter **out,
                                           zkcoord_error **err);

/**
 * Creates a striped counter as zkcoord_striped_counter_new() does, with options, which it borrows for the call;
 * NULL means the defaults.
 */
ZKCOORD_API
zkcoord_status zkcoord_striped_counter_new_with_options(const zkcoord_client *client,
                                                        const char *path,
                                                        const zkcoord_striped_counter_options *options,
                                                        zkcoord_striped_counter **out,
                                                        zkcoord_error **err);

/**
 * Adds `n`, which may be negative, in memory. It is written within the flush interval. Does not block and sends no
 * request. A write that fails is retried until it succeeds; zkcoord_striped_counter_flush() reports the failure.
 *
 * Fails with ZKCOORD_STATUS_OVERFLOW if the sum of the adds that are waiting to be written would not fit into
 * int64_t; nothing is added then. Fails with ZKCOORD_STATUS_CLOSED after zkcoord_client_close().
 */
ZKCOORD_API
zkcoord_status zkcoord_striped_counter_add(const zkcoord_striped_counter *counter,
                                           int64_t n,
                                           zkcoord_error **err);

/**
 * Writes everything that this client has added so far, and blocks until the server has confirmed it. Takes one
 * round trip, or none if nothing is waiting to be written.
 *
 * Fails with ZKCOORD_STATUS_INDETERMINATE if the session ended while a write was in flight and its outcome cannot
 * be found out. That write is not retried, and is reported once, by the next flush if it was made in the
 * background. After all other failures the adds keep waiting and are retried: ZKCOORD_STATUS_TIMEOUT,
 * ZKCOORD_STATUS_CONNECTION_LOST, ZKCOORD_STATUS_BAD_DATA if the node has another format, ZKCOORD_STATUS_OVERFLOW
 * if this client's part of the sum would not fit into int64_t, ZKCOORD_STATUS_INVALID_ARGUMENT if the node is
 * empty and has children, and ZKCOORD_STATUS_NOT_AUTHORIZED or ZKCOORD_STATUS_QUOTA if the server refuses.
 */
ZKCOORD_API
zkcoord_status zkcoord_striped_counter_flush(const zkcoord_striped_counter *counter,
                                             int64_t timeout_ms,
                                             zkcoord_error **err);

/**
 * Reads the sum of everything that all clients have flushed, and blocks for the server's answer. Stores it in
 * `*out`. It includes every add acknowledged before the call, but not the adds of this client that are not yet
 * flushed. Takes one round trip, in which the server reads one node per client, and some more if clients have come
 * or gone.
 *
 * Fails with ZKCOORD_STATUS_OVERFLOW if the sum does not fit into int64_t, with ZKCOORD_STATUS_BAD_DATA if a node
 * has another format, with ZKCOORD_STATUS_UNSUPPORTED if the server is older than 3.6, and with
 * ZKCOORD_STATUS_NOT_AUTHORIZED if it refuses.
 */
ZKCOORD_API
zkcoord_status zkcoord_striped_counter_sum(const zkcoord_striped_counter *counter,
                                           int64_t timeout_ms,
                                           int64_t *out,
                                           zkcoord_error **err);

/**
 * Takes ownership of the counter and frees it. NULL is allowed. Its adds are written in the background.
 */
ZKCOORD_API void zkcoord_striped_counter_free(zkcoord_striped_counter *counter);

/**
 * Creates a window counter at `path`, an absolute znode path below the client's chroot. Sends no request. Borrows
 * both for the call. Returns a new window counter; free it with zkcoord_window_counter_free(). A minute in 60
 * buckets is a good start.
 *
 * Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `path` is invalid, if the window is not from 1 ms to 100 years, if
 * the number of buckets is not from 1 to 10000, and if a bucket would be shorter than 1 ms.
 */
ZKCOORD_API
zkcoord_status zkcoord_window_counter_new(const zkcoord_client *client,
                                          const char *path,
                                          int64_t window_ms,
                                          int64_t buckets,
                                          zkcoord_window_counter **out,
                                          zkcoord_error **err);

/**
 * Records `n` events that happen now, and stores in `*out` the number of events in the window including them;
 * INT64_MAX stands for that and more. With 0 it only counts. Blocks until the server has answered: one round trip
 * if no other client writes, and one more if this client has to learn the time first.
 *
 * Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `n` is negative, and if the node was created with another window
 * or number of buckets. Otherwise as zkcoord_counter_add().
 */
ZKCOORD_API
zkcoord_status zkcoord_window_counter_add(const zkcoord_window_counter *counter,
                                          int64_t n,
                                          int64_t timeout_ms,
                                          int64_t *out,
                                          zkcoord_error **err);

/**
 * Stores the current number of events in the window in `*out`. It includes every add acknowledged before the call.
 * Blocks for the server's answer: one round trip, and two more if this client has to learn the time first. For
 * that it writes a node of its own below the counter's node, and needs the permission to do so.
 *
 * Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if the node was created with another window or number of buckets,
 * with ZKCOORD_STATUS_BAD_DATA if it has another format, and with ZKCOORD_STATUS_NOT_AUTHORIZED if the server
 * refuses.
 */
ZKCOORD_API
zkcoord_status zkcoord_window_counter_count(const zkcoord_window_counter *counter,
                                            int64_t timeout_ms,
                                            int64_t *out,
                                            zkcoord_error **err);

/**
 * Takes ownership of the counter and frees it. NULL is allowed. Operations in progress continue.
 */
ZKCOORD_API void zkcoord_window_counter_free(zkcoord_window_counter *counter);

/**
 * Returns new options with the default values; free them with zkcoord_rate_limiter_options_free().
 */
ZKCOORD_API zkcoord_rate_limiter_options *zkcoord_rate_limiter_options_new(void);

/**
 * Sets how many permits may be used at once, from 1 to 1000000. Default: the permits of one period.
 *
 * A smaller burst makes the rate smoother: with 100 permits per second and a burst of 10, at most 10 permits are
 * granted in any tenth of a second, and at most 100 in any second. A larger burst makes it coarser: after a pause
 * more permits may be granted at once, and the long-term rate is the same.
 *
 * Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `burst` is negative. zkcoord_rate_limiter_new_with_options()
 * checks the rest.
 */
ZKCOORD_API
zkcoord_status zkcoord_rate_limiter_options_set_burst(zkcoord_rate_limiter_options *options,
                                                      int64_t burst,
                                                      zkcoord_error **err);

/**
 * Takes ownership of the options and frees them. NULL is allowed. Rate limiters that were created with them are not
 * affected.
 */
ZKCOORD_API void zkcoord_rate_limiter_options_free(zkcoord_rate_limiter_options *options);

/**
 * Creates a rate limiter of `permits` permits, from 1 to 1000000, per `per_ms` milliseconds, from 1 ms to 31 days,
 * at `path`, an absolute znode path below the client's chroot. Sends no request. Borrows client and path for the
 * call. Returns a new rate limiter; free it with zkcoord_rate_limiter_free().
 *
 * Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `path` is invalid, or `permits` or `per_ms` is out of range.
 */
ZKCOORD_API
zkcoord_status zkcoord_rate_limiter_new(const zkcoord_client *client,
                                        const char *path,
                                        int64_t permits,
                                        int64_t per_ms,
                                        zkcoord_rate_limiter **out,
                                        zkcoord_error **err);

/**
 * Creates a rate limiter as zkcoord_rate_limiter_new() does, with options, which it borrows for the call; NULL
 * means the defaults.
 *
 * Fails with ZKCOORD_STATUS_INVALID_ARGUMENT also if the burst is out of range.
 */
ZKCOORD_API
zkcoord_status zkcoord_rate_limiter_new_with_options(const zkcoord_client *client,
                                                     const char *path,
                                                     int64_t permits,
                                                     int64_t per_ms,
                                                     const zkcoord_rate_limiter_options *options,
                                                     zkcoord_rate_limiter **out,
                                                     zkcoord_error **err);

/**
 * Acquires `permits` permits, all at once, and blocks until they may be used. They are used up then and cannot be
 * released.
 *
 * Fails with ZKCOORD_STATUS_TIMEOUT if they do not become free within `timeout_ms`, as soon as that is known,
 * which may be at once; no permits are used up then. Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `permits` is 0
 * or more than can ever be used at once, and if the node was created with other permits, another period or another
 * burst. Fails with ZKCOORD_STATUS_BAD_DATA if the node contains something other than a rate limiter, and with
 * ZKCOORD_STATUS_NOT_AUTHORIZED or ZKCOORD_STATUS_QUOTA if the server refuses.
 */
ZKCOORD_API
zkcoord_status zkcoord_rate_limiter_acquire(const zkcoord_rate_limiter *limiter,
                                            int64_t permits,
                                            int64_t timeout_ms,
                                            zkcoord_error **err);

/**
 * Acquires `permits` permits, all or none, if they are free now, and stores in `*out` whether they were. May block
 * for the server's answer, but does not wait for permits.
 *
 * Fails with ZKCOORD_STATUS_CONNECTION_LOST if a request is needed and there is no connection; otherwise as
 * zkcoord_rate_limiter_acquire().
 */
ZKCOORD_API
zkcoord_status zkcoord_rate_limiter_try_acquire(const zkcoord_rate_limiter *limiter,
                                                int64_t permits,
                                                bool *out,
                                                zkcoord_error **err);

/**
 * Returns new statistics: how long the calls of zkcoord_rate_limiter_acquire() with this limiter took so far. Free
 * them with zkcoord_stats_free(). Sends no request.
 */
ZKCOORD_API
zkcoord_status zkcoord_rate_limiter_stats(const zkcoord_rate_limiter *limiter,
                                          zkcoord_stats **out,
                                          zkcoord_error **err);

/**
 * Takes ownership of the rate limiter and frees it. NULL is allowed.
 */
ZKCOORD_API void zkcoord_rate_limiter_free(zkcoord_rate_limiter *limiter);

/**
 * Returns new options with the default values; free them with zkcoord_miss_guard_options_free().
 */
ZKCOORD_API zkcoord_miss_guard_options *zkcoord_miss_guard_options_new(void);

/**
 * Sets the number of misses within the window after which a key is held absent, from 1 to 1000. Default: 3.
 *
 * This and the functions below fail with ZKCOORD_STATUS_INVALID_ARGUMENT if the number is negative or too large to
 * represent. zkcoord_miss_guard_new_with_options() checks the rest.
 */
ZKCOORD_API
zkcoord_status zkcoord_miss_guard_options_set_threshold(zkcoord_miss_guard_options *options,
                                                        int64_t threshold,
                                                        zkcoord_error **err);

/**
 * Sets the window in which misses are counted together, in milliseconds, from 1 ms to 24 h. Default: 60000.
 */
ZKCOORD_API
zkcoord_status zkcoord_miss_guard_options_set_window(zkcoord_miss_guard_options *options,
                                                     int64_t window_ms,
                                                     zkcoord_error **err);

/**
 * Sets the hold: for how many milliseconds a key is then answered absent, from 1 ms to 24 h. Default: 30000.
 */
ZKCOORD_API
zkcoord_status zkcoord_miss_guard_options_set_hold(zkcoord_miss_guard_options *options,
                                                   int64_t hold_ms,
                                                   zkcoord_error **err);

/**
 * Takes ownership of the options and frees them. NULL is allowed. Miss guards that were created with them are not
 * affected.
 */
ZKCOORD_API void zkcoord_miss_guard_options_free(zkcoord_miss_guard_options *options);

/**
 * Creates a miss guard at `path`, an absolute znode path below the client's chroot, below which the nodes of the
 * keys are created. Sends no request. Borrows both for the call. Returns a new miss guard; free it with
 * zkcoord_miss_guard_free().
 *
 * Fails with ZKCOORD_STATUS_INVALID_ARGUMENT if `path` is invalid.
 */
ZKCOORD_API
zkcoord_status zkcoord_miss_guard_new(const zkcoord_client *client,
                                      const char *path,
                                      zkcoord_miss_guard **out,
                                      zkcoord_error **err);

/**
 * Creates a miss guard as zkcoord_miss_guard_new() does, with options, which it borrows for the call; NULL means
 * the defaults.
 *
 * Fails with ZKCOORD_STATUS_INVALID_ARGUMENT also if the threshold, window or hold is out of range.
 */
ZKCOORD_API
zkcoord_status zkcoord_miss_guard_new_with_options(const zkcoord_client *client,
                                                   const char *path,
                                                   const zkcoord_miss_guard_options *options,
                                                   zkcoord_miss_guard **out,
                                                   zkcoord_error **err);

/**
 * Asks for a key, which is any sequence of `key_len` bytes and may be empty. Blocks for the server's answer, and
 * while other callers load the key. Returns a new turn if the caller must load the key, and then give the turn its
 * verdict; free it with zkcoord_load_turn_free(). Returns NULL with ZKCOORD_STATUS_OK if the key is absent and
 * need not be loaded.
 *
 * Takes one round trip for a key that is held absent, and three or four for a key that the caller must load. Not
 * reentrant: a caller that has a turn and asks for the same key again deadlocks.
 *
 * Fails with ZKCOORD_STATUS_TIMEOUT if `timeout_ms` expires first, including the time in which others load. Fails
 * with ZKCOORD_STATUS_BAD_DATA if the key's node has another format; the node is left unchanged. Fails with
 * ZKCOORD_STATUS_NOT_AUTHORIZED, ZKCOORD_STATUS_QUOTA or ZKCOORD_STATUS_SEQUENCE_EXHAUSTED if the server refuses.
 */
ZKCOORD_API
zkcoord_status zkcoord_miss_guard_begin(const zkcoord_miss_guard *guard,
                                        const uint8_t *key,
                                        size_t key_len,
                                        int64_t timeout_ms,
                                        zkcoord_load_turn **out,
                                        zkcoord_error **err);

/**
 * Forgets the misses of a key, because it exists now, and blocks until the server has confirmed it. Every caller
 * that asks for the key after this, with any client, loads it again. A load in progress will not count as a miss.
 * Takes two round trips.
 *
 * Fails with ZKCOORD_STATUS_TIMEOUT if `timeout_ms` expires before anything is written, and with
 * ZKCOORD_STATUS_INDETERMINATE if it expires later; it is safe to call it again. Fails with
 * ZKCOORD_STATUS_BAD_DATA as zkcoord_miss_guard_begin() does.
 */
ZKCOORD_API
zkcoord_status zkcoord_miss_guard_forget(const zkcoord_miss_guard *guard,
                                         const uint8_t *key,
                                         size_t key_len,
                                         int64_t timeout_ms,
                                         zkcoord_error **err);

/**
 * Takes ownership of the miss guard and frees it. NULL is allowed. Its turns stay valid.
 */
ZKCOORD_API void zkcoord_miss_guard_free(zkcoord_miss_guard *guard);

/**
 * Returns whether it is certain that no other caller is loading the key at this moment; false after the turn has
 * ended, for NULL and in a child of fork(). Sends no request.
 */
ZKCOORD_API bool zkcoord_load_turn_is_held(const zkcoord_load_turn *turn);

/**
 * Reports that the load found the key: forgets its misses and passes the turn on. Blocks until the server has
 * answered. Takes one round trip, or none if there is nothing to forget. After ZKCOORD_STATUS_OK, no caller will
 * get the answer that the key is absent because of earlier misses.
 *
 * The turn is over then, even after a failure, and must still be freed. Fails with ZKCOORD_STATUS_INVALID_ARGUMENT
 * if it was over before. Fails with ZKCOORD_STATUS_INDETERMINATE if `timeout_ms` expires first; the operation
 * continues in the background. After ZKCOORD_STATUS_FORKED no verdict is given, and
 * ZKCOORD_STATUS_WOULD_DEADLOCK leaves the turn unchanged. Fails with ZKCOORD_STATUS_NOT_AUTHORIZED or
 * ZKCOORD_STATUS_QUOTA if the server refuses.
 */
ZKCOORD_API zkcoord_status zkcoord_load_turn_found(zkcoord_load_turn *turn, int64_t timeout_ms, zkcoord_error **err);

/**
 * Reports that the load did not find the key: records the miss, answers all callers that wait for the key, and
 * passes the turn on. Blocks until the server has answered. Takes one round trip. The miss counts only if the turn
 * was held until then and the key was not forgotten meanwhile; otherwise this does not fail either.
 *
 * Fails as zkcoord_load_turn_found() does.
 */
ZKCOORD_API zkcoord_status zkcoord_load_turn_missed(zkcoord_load_turn *turn, int64_t timeout_ms, zkcoord_error **err);

/**
 * Takes ownership of the turn and frees it. NULL is allowed. Without a verdict, the turn is passed on in the
 * background, and the load counts neither way.
 */
ZKCOORD_API void zkcoord_load_turn_free(zkcoord_load_turn *turn);

/*
 * The asynchronous functions, as "Async" above describes them, in the order of their blocking forms.
 */

/**
 * The asynchronous form of zkcoord_client_connect().
 * `done` receives the new client.
 */
ZKCOORD_API
zkcoord_status zkcoord_client_connect_async(const char *hosts,
                                            const zkcoord_options *options,
                                            zkcoord_client_fn done,
                                            void *user_data,
                                            zkcoord_destroy_fn destroy,
                                            zkcoord_op **op,
                                            zkcoord_error **err);

/**
 * The asynchronous form of zkcoord_client_request_revoke().
 * `done` receives whether the node exists.
 */
ZKCOORD_API
zkcoord_status zkcoord_client_request_revoke_async(const zkcoord_client *client,
                                                   const char *node,
                                                   int64_t timeout_ms,
                                                   zkcoord_bool_fn done,
                                                   void *user_data,
                                                   zkcoord_destroy_fn destroy,
                                                   zkcoord_op **op,
                                                   zkcoord_error **err);

/**
 * The asynchronous form of zkcoord_client_close().
 */
ZKCOORD_API
zkcoord_status zkcoord_client_close_async(zkcoord_client *client,
                                          int64_t timeout_ms,
                                          zkcoord_done_fn done,
                                          void *user_data,
                                          zkcoord_destroy_fn destroy,
                                          zkcoord_op **op,
                                          zkcoord_error **err);

/**
 * The asynchronous form of zkcoord_mutex_acquire().
 * `done` receives the new guard.
 */
ZKCOORD_API
zkcoord_status zkcoord_mutex_acquire_async(const zkcoord_mutex *mutex,
                                           int64_t timeout_ms,
                                           zkcoord_guard_fn done,
                                           void *user_data,
                                           zkcoord_destroy_fn destroy,
                                           zkcoord_op **op,
                                           zkcoord_error **err);

/**
 * The asynchronous form of zkcoord_mutex_try_acquire().
 * `done` receives the new guard, or NULL with ZKCOORD_STATUS_OK if the lock is taken.
 */
ZKCOORD_API
zkcoord_status zkcoord_mutex_try_acquire_async(const zkcoord_mutex *mutex,
                                               zkcoord_guard_fn done,
                                               void *user_data,
                                               zkcoord_destroy_fn destroy,
                                               zkcoord_op **op,
                                               zkcoord_error **err);

/**
 * The asynchronous form of zkcoord_mutex_inspect().
 * `done` receives the new queue.
 */
ZKCOORD_API
zkcoord_status zkcoord_mutex_inspect_async(const zkcoord_mutex *mutex,
                                           int64_t timeout_ms,
                                           zkcoord_queue_fn done,
                                           void *user_data,
                                           zkcoord_destroy_fn destroy,
                                           zkcoord_op **op,
                                           zkcoord_error **err);

/**
 * The asynchronous form of zkcoord_reentrant_mutex_acquire().
 * `done` receives the new guard.
 */
ZKCOORD_API
zkcoord_status zkcoord_reentrant_mutex_acquire_async(const zkcoord_reentrant_mutex *mutex,
                                                     int64_t timeout_ms,
                                                     zkcoord_guard_fn done,
                                                     void *user_data,
                                                     zkcoord_destroy_fn destroy,
                                                     zkcoord_op **op,
                                                     zkcoord_error **err);

/**
 * The asynchronous form of zkcoord_reentrant_mutex_try_acquire().
 * `done` receives the new guard, or NULL with ZKCOORD_STATUS_OK if the lock is held by another owner.
 */
ZKCOORD_API
zkcoord_status zkcoord_reentrant_mutex_try_acquire_async(const zkcoord_reentrant_mutex *mutex,
                                                         zkcoord_guard_fn done,
                                                         void *user_data,
                                                         zkcoord_destroy_fn destroy,
                                                         zkcoord_op **op,
                                                         zkcoord_error **err);

/**
 * The asynchronous form of zkcoord_reentrant_mutex_inspect().
 * `done` receives the new queue.
 */
ZKCOORD_API
zkcoord_status zkcoord_reentrant_mutex_inspect_async(const zkcoord_reentrant_mutex *mutex,
                                                     int64_t timeout_ms,
                                                     zkcoord_queue_fn done,
                                                     void *user_data,
                                                     zkcoord_destroy_fn destroy,
                                                     zkcoord_op **op,
                                                     zkcoord_error **err);

/**
 * The asynchronous form of zkcoord_multi_mutex_acquire().
 * `done` receives the new guard.
 */
ZKCOORD_API
zkcoord_status zkcoord_multi_mutex_acquire_async(const zkcoord_multi_mutex *mutex,
                                                 int64_t timeout_ms,
                                                 zkcoord_guard_fn done,
                                                 void *user_data,
                                                 zkcoord_destroy_fn destroy,
                                                 zkcoord_op **op,
                                                 zkcoord_error **err);

/**
 * The asynchronous form of zkcoord_multi_mutex_try_acquire().
 * `done` receives the new guard, or NULL with ZKCOORD_STATUS_OK if one of the locks is taken.
 */
ZKCOORD_API
zkcoord_status zkcoord_multi_mutex_try_acquire_async(const zkcoord_multi_mutex *mutex,
                                                     zkcoord_guard_fn done,
                                                     void *user_data,
                                                     zkcoord_destroy_fn destroy,
                                                     zkcoord_op **op,
                                                     zkcoord_error **err);

/**
 * The asynchronous form of zkcoord_semaphore_acquire().
 * `done` receives the new guard.
 */
ZKCOORD_API
zkcoord_status zkcoord_semaphore_acquire_async(const zkcoord_semaphore *semaphore,
                                               int64_t permits,
                                               int64_t timeout_ms,
                                               zkcoord_guard_fn done,
                                               void *user_data,
                                               zkcoord_destroy_fn destroy,
                                               zkcoord_op **op,
                                               zkcoord_error **err);

/**
 * The asynchronous form of zkcoord_semaphore_try_acquire().
 * `done` receives the new guard, or NULL with ZKCOORD_STATUS_OK if the permits are not available.
 */
ZKCOORD_API
zkcoord_status zkcoord_semaphore_try_acquire_async(const zkcoord_semaphore *semaphore,
                                                   int64_t permits,
                                                   zkcoord_guard_fn done,
                                                   void *user_data,
                                                   zkcoord_destroy_fn destroy,
                                                   zkcoord_op **op,
                                                   zkcoord_error **err);

/**
 * The asynchronous form of zkcoord_guard_set_data().
 */
ZKCOORD_API
zkcoord_status zkcoord_guard_set_data_async(const zkcoord_guard *guard,
                                            const char *path,
                                            const uint8_t *data,
                                            size_t len,
                                            int32_t version,
                                            int64_t timeout_ms,
                                            zkcoord_done_fn done,
                                            void *user_data,
                                            zkcoord_destroy_fn destroy,
                                            zkcoord_op **op,
                                            zkcoord_error **err);

/**
 * The asynchronous form of zkcoord_guard_create().
 */
ZKCOORD_API
zkcoord_status zkcoord_guard_create_async(const zkcoord_guard *guard,
                                          const char *path,
                                          const uint8_t *data,
                                          size_t len,
                                          int64_t timeout_ms,
                                          zkcoord_done_fn done,
                                          void *user_data,
                                          zkcoord_destroy_fn destroy,
                                          zkcoord_op **op,
                                          zkcoord_error **err);

/**
 * The asynchronous form of zkcoord_guard_delete().
 */
ZKCOORD_API
zkcoord_status zkcoord_guard_delete_async(const zkcoord_guard *guard,
                                          const char *path,
                                          int32_t version,
                                          int64_t timeout_ms,
                                          zkcoord_done_fn done,
                                          void *user_data,
                                          zkcoord_destroy_fn destroy,
                                          zkcoord_op **op,
                                          zkcoord_error **err);

/**
 * The asynchronous form of zkcoord_guard_release().
 */
ZKCOORD_API
zkcoord_status zkcoord_guard_release_async(zkcoord_guard *guard,
                                           int64_t timeout_ms,
                                           zkcoord_done_fn done,
                                           void *user_data,
                                           zkcoord_destroy_fn destroy,
                                           zkcoord_op **op,
                                           zkcoord_error **err);

/**
 * The asynchronous form of zkcoord_counter_add().
 * `done` receives the new value.
 */
ZKCOORD_API
zkcoord_status zkcoord_counter_add_async(const zkcoord_counter *counter,
                                         int64_t delta,
                                         int64_t timeout_ms,
                                         zkcoord_int64_fn done,
                                         void *user_data,
                                         zkcoord_destroy_fn destroy,
                                         zkcoord_op **op,
                                         zkcoord_error **err);

/**
 * The asynchronous form of zkcoord_counter_increment().
 * `done` receives the new value.
 */
ZKCOORD_API
zkcoord_status zkcoord_counter_increment_async(const zkcoord_counter *counter,
                                               int64_t timeout_ms,
                                               zkcoord_int64_fn done,
                                               void *user_data,
                                               zkcoord_destroy_fn destroy,
                                               zkcoord_op **op,
                                               zkcoord_error **err);

/**
 * The asynchronous form of zkcoord_counter_decrement().
 * `done` receives the new value.
 */
ZKCOORD_API
zkcoord_status zkcoord_counter_decrement_async(const zkcoord_counter *counter,
                                               int64_t timeout_ms,
                                               zkcoord_int64_fn done,
                                               void *user_data,
                                               zkcoord_destroy_fn destroy,
                                               zkcoord_op **op,
                                               zkcoord_error **err);

/**
 * The asynchronous form of zkcoord_counter_get().
 * `done` receives the value.
 */
ZKCOORD_API
zkcoord_status zkcoord_counter_get_async(const zkcoord_counter *counter,
                                         int64_t timeout_ms,
                                         zkcoord_int64_fn done,
                                         void *user_data,
                                         zkcoord_destroy_fn destroy,
                                         zkcoord_op **op,
                                         zkcoord_error **err);

/**
 * The asynchronous form of zkcoord_counter_get_stale().
 * `done` receives the value.
 */
ZKCOORD_API
zkcoord_status zkcoord_counter_get_stale_async(const zkcoord_counter *counter,
                                               int64_t timeout_ms,
                                               zkcoord_int64_fn done,
                                               void *user_data,
                                               zkcoord_destroy_fn destroy,
                                               zkcoord_op **op,
                                               zkcoord_error **err);

/**
 * The asynchronous form of zkcoord_counter_set().
 */
ZKCOORD_API
zkcoord_status zkcoord_counter_set_async(const zkcoord_counter *counter,
                                         int64_t value,
                                         int64_t timeout_ms,
                                         zkcoord_done_fn done,
                                         void *user_data,
                                         zkcoord_destroy_fn destroy,
                                         zkcoord_op **op,
                                         zkcoord_error **err);

/**
 * The asynchronous form of zkcoord_counter_get_and_set().
 * `done` receives the previous value.
 */
ZKCOORD_API
zkcoord_status zkcoord_counter_get_and_set_async(const zkcoord_counter *counter,
                                                 int64_t value,
                                                 int64_t timeout_ms,
                                                 zkcoord_int64_fn done,
                                                 void *user_data,
                                                 zkcoord_destroy_fn destroy,
                                                 zkcoord_op **op,
                                                 zkcoord_error **err);

/**
 * The asynchronous form of zkcoord_counter_compare_and_set().
 * `done` receives whether the value was `expected`.
 */
ZKCOORD_API
zkcoord_status zkcoord_counter_compare_and_set_async(const zkcoord_counter *counter,
                                                     int64_t expected,
                                                     int64_t desired,
                                                     int64_t timeout_ms,
                                                     zkcoord_bool_fn done,
                                                     void *user_data,
                                                     zkcoord_destroy_fn destroy,
                                                     zkcoord_op **op,
                                                     zkcoord_error **err);

/**
 * The asynchronous form of zkcoord_counter_reserve().
 * `done` receives the first of the numbers.
 */
ZKCOORD_API
zkcoord_status zkcoord_counter_reserve_async(const zkcoord_counter *counter,
                                             int64_t n,
                                             int64_t timeout_ms,
                                             zkcoord_int64_fn done,
                                             void *user_data,
                                             zkcoord_destroy_fn destroy,
                                             zkcoord_op **op,
                                             zkcoord_error **err);

/**
 * The asynchronous form of zkcoord_counter_versioned(). `done` receives the value and the version.
 */
ZKCOORD_API
zkcoord_status zkcoord_counter_versioned_async(const zkcoord_counter *counter,
                                               int64_t timeout_ms,
                                               zkcoord_versioned_fn done,
                                               void *user_data,
                                               zkcoord_destroy_fn destroy,
                                               zkcoord_op **op,
                                               zkcoord_error **err);

/**
 * The asynchronous form of zkcoord_counter_watch_next().
 * `done` receives the value.
 */
ZKCOORD_API
zkcoord_status zkcoord_counter_watch_next_async(const zkcoord_counter_watch *watch,
                                                int64_t timeout_ms,
                                                zkcoord_int64_fn done,
                                                void *user_data,
                                                zkcoord_destroy_fn destroy,
                                                zkcoord_op **op,
                                                zkcoord_error **err);

/**
 * The asynchronous form of zkcoord_striped_counter_flush().
 */
ZKCOORD_API
zkcoord_status zkcoord_striped_counter_flush_async(const zkcoord_striped_counter *counter,
                                                   int64_t timeout_ms,
                                                   zkcoord_done_fn done,
                                                   void *user_data,
                                                   zkcoord_destroy_fn destroy,
                                                   zkcoord_op **op,
                                                   zkcoord_error **err);

/**
 * The asynchronous form of zkcoord_striped_counter_sum().
 * `done` receives the sum.
 */
ZKCOORD_API
zkcoord_status zkcoord_striped_counter_sum_async(const zkcoord_striped_counter *counter,
                                                 int64_t timeout_ms,
                                                 zkcoord_int64_fn done,
                                                 void *user_data,
                                                 zkcoord_destroy_fn destroy,
                                                 zkcoord_op **op,
                                                 zkcoord_error **err);

/**
 * The asynchronous form of zkcoord_window_counter_add().
 * `done` receives the number of events in the window.
 */
ZKCOORD_API
zkcoord_status zkcoord_window_counter_add_async(const zkcoord_window_counter *counter,
                                                int64_t n,
                                                int64_t timeout_ms,
                                                zkcoord_int64_fn done,
                                                void *user_data,
                                                zkcoord_destroy_fn destroy,
                                                zkcoord_op **op,
                                                zkcoord_error **err);

/**
 * The asynchronous form of zkcoord_window_counter_count().
 * `done` receives the number of events in the window.
 */
ZKCOORD_API
zkcoord_status zkcoord_window_counter_count_async(const zkcoord_window_counter *counter,
                                                  int64_t timeout_ms,
                                                  zkcoord_int64_fn done,
                                                  void *user_data,
                                                  zkcoord_destroy_fn destroy,
                                                  zkcoord_op **op,
                                                  zkcoord_error **err);

/**
 * The asynchronous form of zkcoord_rate_limiter_acquire().
 */
ZKCOORD_API
zkcoord_status zkcoord_rate_limiter_acquire_async(const zkcoord_rate_limiter *limiter,
                                                  int64_t permits,
                                                  int64_t timeout_ms,
                                                  zkcoord_done_fn done,
                                                  void *user_data,
                                                  zkcoord_destroy_fn destroy,
                                                  zkcoord_op **op,
                                                  zkcoord_error **err);

/**
 * The asynchronous form of zkcoord_rate_limiter_try_acquire().
 * `done` receives whether the permits were free.
 */
ZKCOORD_API
zkcoord_status zkcoord_rate_limiter_try_acquire_async(const zkcoord_rate_limiter *limiter,
                                                      int64_t permits,
                                                      zkcoord_bool_fn done,
                                                      void *user_data,
                                                      zkcoord_destroy_fn destroy,
                                                      zkcoord_op **op,
                                                      zkcoord_error **err);

/**
 * The asynchronous form of zkcoord_miss_guard_begin().
 * `done` receives the new turn, or NULL with ZKCOORD_STATUS_OK if the key is absent.
 */
ZKCOORD_API
zkcoord_status zkcoord_miss_guard_begin_async(const zkcoord_miss_guard *guard,
                                              const uint8_t *key,
                                              size_t key_len,
                                              int64_t timeout_ms,
                                              zkcoord_load_turn_fn done,
                                              void *user_data,
                                              zkcoord_destroy_fn destroy,
                                              zkcoord_op **op,
                                              zkcoord_error **err);

/**
 * The asynchronous form of zkcoord_miss_guard_forget().
 */
ZKCOORD_API
zkcoord_status zkcoord_miss_guard_forget_async(const zkcoord_miss_guard *guard,
                                               const uint8_t *key,
                                               size_t key_len,
                                               int64_t timeout_ms,
                                               zkcoord_done_fn done,
                                               void *user_data,
                                               zkcoord_destroy_fn destroy,
                                               zkcoord_op **op,
                                               zkcoord_error **err);

/**
 * The asynchronous form of zkcoord_load_turn_found(). The turn is over when this returns ZKCOORD_STATUS_OK.
 */
ZKCOORD_API
zkcoord_status zkcoord_load_turn_found_async(zkcoord_load_turn *turn,
                                             int64_t timeout_ms,
                                             zkcoord_done_fn done,
                                             void *user_data,
                                             zkcoord_destroy_fn destroy,
                                             zkcoord_op **op,
                                             zkcoord_error **err);

/**
 * The asynchronous form of zkcoord_load_turn_missed(). The turn is over when this returns ZKCOORD_STATUS_OK.
 */
ZKCOORD_API
zkcoord_status zkcoord_load_turn_missed_async(zkcoord_load_turn *turn,
                                              int64_t timeout_ms,
                                              zkcoord_done_fn done,
                                              void *user_data,
                                              zkcoord_destroy_fn destroy,
                                              zkcoord_op **op,
                                              zkcoord_error **err);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* ZKCOORD_H */
