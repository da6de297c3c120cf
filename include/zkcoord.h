#ifndef ZKCOORD_H
#define ZKCOORD_H

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
#define ZKCOORD_VERSION "0.1.0"
#define ZKCOORD_VERSION_MAJOR 0
#define ZKCOORD_VERSION_MINOR 1
#define ZKCOORD_VERSION_PATCH 0

/** Stands before every function. Define ZKCOORD_STATIC to link the static library on Windows. */
#if defined(_WIN32) && !defined(ZKCOORD_STATIC)
#define ZKCOORD_API __declspec(dllimport)
#else
#define ZKCOORD_API
#endif


/**
 * What a call answers: 0 when all is well, and otherwise what went wrong, for programs to decide on. The numbers never
 * change.
 */
typedef enum {
    /**
     * All is well.
     */
    ZKCOORD_STATUS_OK = 0,
    /**
     * The deadline passed; nothing is held, no node is left, nothing was written.
     */
    ZKCOORD_STATUS_TIMEOUT = 1,
    /**
     * The caller cancelled.
     */
    ZKCOORD_STATUS_CANCELLED = 2,
    /**
     * No server reachable; the operation was not applied.
     */
    ZKCOORD_STATUS_CONNECTION_LOST = 3,
    /**
     * A write was sent and its outcome cannot be learned: the session died or the deadline passed meanwhile. It may or
     * may not have been applied.
     */
    ZKCOORD_STATUS_INDETERMINATE = 4,
    /**
     * The operation was bound to a session that is gone.
     */
    ZKCOORD_STATUS_SESSION_EXPIRED = 5,
    /**
     * The guard is no longer valid.
     */
    ZKCOORD_STATUS_LOCK_LOST = 6,
    /**
     * ACL or authentication refused.
     */
    ZKCOORD_STATUS_NOT_AUTHORIZED = 7,
    /**
     * An argument is not acceptable; the message names it and its value.
     */
    ZKCOORD_STATUS_INVALID_ARGUMENT = 8,
    /**
     * A counter node holds bytes that its format cannot be; nothing is written.
     */
    ZKCOORD_STATUS_BAD_DATA = 9,
    /**
     * The result leaves the format's range or the counter's bounds; nothing is written.
     */
    ZKCOORD_STATUS_OVERFLOW = 10,
    /**
     * The lock directory's 32-bit sequence is used up or ambiguous.
     */
    ZKCOORD_STATUS_SEQUENCE_EXHAUSTED = 11,
    /**
     * The server refused for quota.
     */
    ZKCOORD_STATUS_QUOTA = 12,
    /**
     * A waiting call from a callback, or from the owner that already holds the lock.
     */
    ZKCOORD_STATUS_WOULD_DEADLOCK = 13,
    /**
     * The client was closed.
     */
    ZKCOORD_STATUS_CLOSED = 14,
    /**
     * Used in a child of fork(); connect again there.
     */
    ZKCOORD_STATUS_FORKED = 15,
    /**
     * The server or the build lacks it.
     */
    ZKCOORD_STATUS_UNSUPPORTED = 16,
    /**
     * A bug in zkcoord; the message says what.
     */
    ZKCOORD_STATUS_INTERNAL = 17,
} zkcoord_status;

/**
 * How much a line of the log matters.
 */
typedef enum {
    /**
     * No line has this level: nothing is logged.
     */
    ZKCOORD_LOG_LEVEL_OFF = 0,
    /**
     * Something failed for good.
     */
    ZKCOORD_LOG_LEVEL_ERROR = 1,
    /**
     * Something went wrong and is dealt with: a session expired, a lock was lost.
     */
    ZKCOORD_LOG_LEVEL_WARN = 2,
    /**
     * What an operator may want to know.
     */
    ZKCOORD_LOG_LEVEL_INFO = 3,
    /**
     * What helps to understand zkcoord.
     */
    ZKCOORD_LOG_LEVEL_DEBUG = 4,
} zkcoord_log_level;

/**
 * What a client stands on.
 */
typedef enum {
    /**
     * Closed, for good.
     */
    ZKCOORD_STATE_CLOSED = 0,
    /**
     * Connected, with a live session.
     */
    ZKCOORD_STATE_CONNECTED = 1,
    /**
     * The connection is lost; the session may live on. Locks are held until their lease ends.
     */
    ZKCOORD_STATE_SUSPENDED = 2,
    /**
     * The session is over, and every lock with it. A new one is being opened.
     */
    ZKCOORD_STATE_EXPIRED = 3,
} zkcoord_state;

/**
 * A connection to a ZooKeeper ensemble, with a session of its own. When an expired session takes locks with it, the
 * client opens a new one and goes on.
 */
typedef struct zkcoord_client zkcoord_client;

/**
 * A counter that all clients of the ensemble share: an integer in a node, by default of 8 bytes as Curator's
 * DistributedAtomicLong has it. A node that is missing counts as 0, or the default set, and is made by the first change.
 *
 * Every change is applied exactly once, also when the server's reply is lost. Changes that come in while a write is under
 * way share the next one, and each caller still gets the value of its own. What a change answers:
 * ZKCOORD_STATUS_OVERFLOW when the result is out of bounds or more than the format can be, ZKCOORD_STATUS_BAD_DATA when the
 * node holds something else; nothing is written then. ZKCOORD_STATUS_TIMEOUT: not applied, and will not be.
 * ZKCOORD_STATUS_INDETERMINATE: sent, and the outcome cannot be learned. ZKCOORD_STATUS_NOT_AUTHORIZED and
 * ZKCOORD_STATUS_QUOTA when the server refuses.
 */
typedef struct zkcoord_counter zkcoord_counter;

/**
 * Options for zkcoord_counter_new_with_options(), which also checks whether they go together. Must not be set by two
 * threads at the same time, nor while it is in use.
 */
typedef struct zkcoord_counter_options zkcoord_counter_options;

/**
 * The values of a counter, one after another. It has at most one watch on the server.
 */
typedef struct zkcoord_counter_watch zkcoord_counter_watch;

/**
 * Why a call failed. Given by the last argument of the functions that can fail; free with zkcoord_error_free().
 */
typedef struct zkcoord_error zkcoord_error;

/**
 * A lock that is held, until it is released, freed, or lost. Or several locks, or a semaphore's permits.
 *
 * It can be lost while it is held: when no server has confirmed the session for too long, when the session is over,
 * when somebody deletes the lock's node. The guard knows before the server can give the lock to anybody else.
 */
typedef struct zkcoord_guard zkcoord_guard;

/**
 * The caller's turn to load a key: nobody else loads it meanwhile. It ends with a verdict, zkcoord_load_turn_found() or
 * zkcoord_load_turn_missed(), or without one when it is freed, for a load that failed.
 *
 * It can be lost like a lock, when no server has confirmed the session for too long. Its verdict does not count then.
 */
typedef struct zkcoord_load_turn zkcoord_load_turn;

/**
 * Stops lookups of keys that do not exist. Put it between a cache and the database behind it. Of all who want the same key
 * at the same time, in all processes, one loads it while the others wait for his answer. A key that was missed several
 * times within a window is answered absent for a while, without a load; zkcoord_miss_guard_options has the figures.
 *
 * - One load of a key at a time, as long as nobody loses his session while loading.
 * - A load that finds the key clears what was recorded before.
 * - A key that appears is seen at the latest when the hold is over, counted from the beginning of the load that missed last,
 *   by the clock of ZooKeeper's leader; or at once, after zkcoord_miss_guard_forget().
 *
 * A value that was found is its caller's own: others who waited for it load it themselves, one after another. So a key that
 * is there costs a lock at each lookup; what is found belongs into a cache.
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
 * Options for zkcoord_miss_guard_new_with_options(). All who share a path should give the same. Must not be set by two
 * threads at the same time, nor while it is in use.
 */
typedef struct zkcoord_miss_guard_options zkcoord_miss_guard_options;

/**
 * Several mutexes taken as one: all or none, in the same order by everybody, so that nobody waits in a circle. On each
 * path it excludes whoever takes that path alone.
 *
 * Its guard holds all of them, and is lost when one of them is. The guard's token is that of the first path in
 * sorted order, and fences what belongs to that path.
 */
typedef struct zkcoord_multi_mutex zkcoord_multi_mutex;

/**
 * A mutual exclusion lock: at most one holder among all clients of the ensemble, served in order of arrival. Not
 * reentrant: a second acquire waits for the first guard, also in the same thread. Its guard is nobody's: any thread may
 * release it. See zkcoord_reentrant_mutex for the other kind.
 *
 * The two sides of a read/write lock are of this type too; see zkcoord_rw_lock for how they differ.
 */
typedef struct zkcoord_mutex zkcoord_mutex;

/**
 * Options for mutexes, reentrant mutexes, read/write locks and multi mutexes. Must not be set by two threads at the same
 * time, nor while it is in use.
 */
typedef struct zkcoord_mutex_options zkcoord_mutex_options;

/**
 * An operation that an asynchronous call has started.
 */
typedef struct zkcoord_op zkcoord_op;

/**
 * Options for zkcoord_client_connect(). Must not be set by two threads at the same time, nor while it is in use.
 */
typedef struct zkcoord_options zkcoord_options;

/**
 * What zkcoord_mutex_inspect() has seen: who held a lock and who waited for it, and what is wrong with its queue. It does
 * not change any more. An index that is out of range gives NULL, 0 or false, and so does NULL for the queue.
 */
typedef struct zkcoord_queue zkcoord_queue;

/**
 * A rate limiter for all clients together: never more than so many permits are let through in any stretch of time as long
 * as the period, wherever that begins. Time is that of the ensemble's leader; no two machines' clocks are compared.
 *
 * At full load about 2 % of the permits are not used, and those that a client had reserved when it died are lost; none is
 * ever let through twice. A permit that is free costs one round trip, or none when this client has one in advance. Within
 * a client it is the order of arrival that counts, between clients the order of their writes; nobody overtakes somebody
 * who waits for many.
 *
 * All who share a path must give the same permits, period and burst; they stand in the node, and others are refused. To
 * change them, delete the node: that forgets what was used lately.
 */
typedef struct zkcoord_rate_limiter zkcoord_rate_limiter;

/**
 * Options for zkcoord_rate_limiter_new_with_options(). Must not be set by two threads at the same time, nor while it is in
 * use.
 */
typedef struct zkcoord_rate_limiter_options zkcoord_rate_limiter_options;

/**
 * A mutual exclusion lock that its owner may take several times. The owner is the thread that calls
 * zkcoord_reentrant_mutex_acquire(). Once it has the lock it gets it again at once, without any request, through any
 * zkcoord_reentrant_mutex of the same client and path: the guards share one node and one token. The lock is given back when
 * the last of them is released or freed, by whatever thread; until then the owner stays the owner.
 *
 * A lost lock does not count as held: its guards stay lost, and an acquire queues anew. For everybody else it is a lock
 * like that of a zkcoord_mutex.
 */
typedef struct zkcoord_reentrant_mutex zkcoord_reentrant_mutex;

/**
 * A read/write lock: any number of readers, or one writer, served in order of arrival. A writer is not starved:
 * readers that come after it wait for it.
 *
 * The thread that acquires a side owns what it gets, until the guard is released, by whatever thread. With the same client
 * - it gets a side again that it holds already: at once, without any request, with the same token. The side is given back
 *   when the last of its guards is;
 * - while it writes, it gets the read side too, and may then release the write side: nobody writes in between. That guard
 *   has the token of the write side;
 * - while it only reads, to acquire the write side fails with ZKCOORD_STATUS_WOULD_DEADLOCK at once, and
 *   zkcoord_mutex_try_acquire() gives NULL: two threads that did so would wait for each other.
 */
typedef struct zkcoord_rw_lock zkcoord_rw_lock;

/**
 * A semaphore: so many permits, shared by all clients of the ensemble, had in order of arrival. Who wants many is not
 * overtaken by those who want few.
 *
 * Everyone who shares the path must give the same number of permits: it is not stored anywhere. The nodes are those of
 * Curator's InterProcessSemaphoreV2.
 */
typedef struct zkcoord_semaphore zkcoord_semaphore;

/**
 * How long the waits took that ended well, until zkcoord_mutex_stats() or its like was called; a counter's changes are such
 * waits too. And how long locks were held, of the holds that ended with a release or a free of the guard; lost ones do not
 * count. It does not change any more. Mean, deviation and quantiles are those of the latest 1024, in seconds; 0 before the
 * first, and for NULL.
 */
typedef struct zkcoord_stats zkcoord_stats;

/**
 * A sum to which many clients add often. An add is only made in memory; what has come together is written now and then, into
 * a node of this client's own, so that clients do not compete. The price: an add does not tell the value,
 * zkcoord_striped_counter_sum() does; and what was not flushed when a process dies is lost.
 *
 * What zkcoord_striped_counter_flush() acknowledged is in every later sum, exactly once. zkcoord_client_close() flushes
 * first, and freeing the counter flushes in the background. What clients that are gone have added is folded into the node
 * at the path, which a zkcoord_counter can read.
 */
typedef struct zkcoord_striped_counter zkcoord_striped_counter;

/**
 * Options for zkcoord_striped_counter_new_with_options(). Must not be set by two threads at the same time, nor while it
 * is in use.
 */
typedef struct zkcoord_striped_counter_options zkcoord_striped_counter_options;

/**
 * A callback that is called again and again, until this is freed or there is nothing more to tell.
 */
typedef struct zkcoord_subscription zkcoord_subscription;

/**
 * Counts the events of the last so many milliseconds, the window. A node that is missing counts as no events and is made by
 * the first add.
 *
 * The window is divided into buckets, and events are forgotten a bucket at a time: an event counts for at least the window
 * from the call of its add on, and at most a bucket and some round trips longer. The time is that of the ensemble's leader;
 * the clocks of the machines that run clients do not matter. Adds are exact, as those of a zkcoord_counter.
 *
 * All buckets are written by each add: 60 are cheap, 10000 are not. Everyone who shares the path must give the same window
 * and buckets; they are written in the node.
 */
typedef struct zkcoord_window_counter zkcoord_window_counter;

/**
 * Called with a line of the log, without a line feed; `message` lives until it returns.
 */
typedef void (*zkcoord_log_fn)(zkcoord_log_level level, const char *message, void *user_data);

/**
 * Destroys what a callback was registered with: see "Callbacks" above. May be NULL.
 */
typedef void (*zkcoord_destroy_fn)(void *user_data);

/**
 * Called when zkcoord_client_connect_async() is done. The client is the callee's; NULL after a failure.
 */
typedef void (*zkcoord_client_fn)(zkcoord_status status, zkcoord_client *client, const zkcoord_error *error, void *user_data);

/**
 * Called with a client's new state.
 */
typedef void (*zkcoord_state_fn)(zkcoord_state state, void *user_data);

/**
 * Called when an operation whose result is yes or no is done; false after a failure.
 */
typedef void (*zkcoord_bool_fn)(zkcoord_status status, bool value, const zkcoord_error *error, void *user_data);

/**
 * Called when an operation without a result is done. See "Asynchronous calls" above, also for the types that follow.
 */
typedef void (*zkcoord_done_fn)(zkcoord_status status, const zkcoord_error *error, void *user_data);

/**
 * Called when an operation that asks for a lock or permits is done. The guard is the callee's; NULL after a failure, and where
 * a try has found the lock taken.
 */
typedef void (*zkcoord_guard_fn)(zkcoord_status status, zkcoord_guard *guard, const zkcoord_error *error, void *user_data);

/**
 * Called when a look at a queue is done. The queue is the callee's; NULL after a failure.
 */
typedef void (*zkcoord_queue_fn)(zkcoord_status status, zkcoord_queue *queue, const zkcoord_error *error, void *user_data);

/**
 * Called when an operation whose result is a number is done; 0 after a failure.
 */
typedef void (*zkcoord_int64_fn)(zkcoord_status status, int64_t value, const zkcoord_error *error, void *user_data);

/**
 * Called when zkcoord_counter_versioned_async() is done.
 */
typedef void (*zkcoord_versioned_fn)(zkcoord_status status,
                                     int64_t value,
                                     int32_t version,
                                     const zkcoord_error *error,
                                     void *user_data);

/**
 * Called when zkcoord_miss_guard_begin_async() is done. The turn is the callee's; NULL after a failure, and when the key is
 * absent.
 */
typedef void (*zkcoord_load_turn_fn)(zkcoord_status status,
                                     zkcoord_load_turn *turn,
                                     const zkcoord_error *error,
                                     void *user_data);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The library's version, like "1.2.3": that of the library loaded, where ZKCOORD_VERSION is that of the header.
 */
ZKCOORD_API const char *zkcoord_version(void);

/**
 * A status's name without its prefix, like "TIMEOUT", for logs. "UNKNOWN" for a number that is no status.
 */
ZKCOORD_API const char *zkcoord_status_name(int32_t status);

/**
 * The status that the failed call returned; ZKCOORD_STATUS_OK for NULL.
 */
ZKCOORD_API zkcoord_status zkcoord_error_status(const zkcoord_error *error);

/**
 * What happened, for people. Lives as long as the error; "" for NULL.
 */
ZKCOORD_API const char *zkcoord_error_message(const zkcoord_error *error);

/**
 * Takes ownership of the error. NULL is fine.
 */
ZKCOORD_API void zkcoord_error_free(zkcoord_error *error);

/**
 * Has `fn` called with what zkcoord has to say of all clients of the process, down to `level`, a zkcoord_log_level: with
 * ZKCOORD_LOG_LEVEL_WARN, warnings and errors. In place of whom was called before; nobody is at first. With NULL, or
 * ZKCOORD_LOG_LEVEL_OFF, nobody is called any more. See "Callbacks" above for `destroy`: so a slow `fn` holds up other
 * callbacks, but no client. When more than 1000 lines wait for it, others are left out, and the next one is preceded by a line
 * that says how many.
 *
 * ZKCOORD_STATUS_INVALID_ARGUMENT for a level that is none. ZKCOORD_STATUS_UNSUPPORTED when the library is linked statically
 * into a program in Rust that has a subscriber of its own, which gets the log.
 */
ZKCOORD_API
zkcoord_status zkcoord_set_log(int32_t level,
                               zkcoord_log_fn fn,
                               void *user_data,
                               zkcoord_destroy_fn destroy,
                               zkcoord_error **err);

/**
 * Cancels the operation: `done` gets ZKCOORD_STATUS_CANCELLED, unless it is called already or on its way, with what came
 * of the operation: a guard that it gets then is still to be freed. What is cancelled leaves nothing behind: a lock granted
 * at that moment is given back. A write that was sent may be applied or not. Does not wait. Can be called again. NULL is
 * fine; without effect in a child of fork().
 */
ZKCOORD_API void zkcoord_op_cancel(const zkcoord_op *op);

/**
 * Waits until `done` has returned and `user_data` is destroyed: from then on zkcoord uses neither any more.
 *
 * ZKCOORD_STATUS_TIMEOUT when `timeout_ms` passes first; the operation goes on. ZKCOORD_STATUS_WOULD_DEADLOCK in a callback,
 * also in this `done`.
 */
ZKCOORD_API zkcoord_status zkcoord_op_wait(const zkcoord_op *op, int64_t timeout_ms, zkcoord_error **err);

/**
 * Takes ownership of the op. NULL is fine. The operation goes on: this does not cancel it. May be called in `done`.
 */
ZKCOORD_API void zkcoord_op_free(zkcoord_op *op);

/**
 * Takes ownership of the subscription and ends the calls: none begins after this, and `user_data` is destroyed. Does not
 * wait for a call that is under way. NULL is fine. May be called in the callback.
 */
ZKCOORD_API void zkcoord_subscription_free(zkcoord_subscription *subscription);

/**
 * Returns new options, all at their defaults; free with zkcoord_options_free().
 */
ZKCOORD_API zkcoord_options *zkcoord_options_new(void);

/**
 * Sets for how many milliseconds the servers keep the session, and with it its locks, when they hear nothing of the
 * client. They may grant less or more. Default 10000.
 *
 * ZKCOORD_STATUS_INVALID_ARGUMENT when it is negative; zkcoord_client_connect() refuses less than 100 ms and more than
 * 24 h.
 */
ZKCOORD_API
zkcoord_status zkcoord_options_set_session_timeout(zkcoord_options *options,
                                                   int64_t timeout_ms,
                                                   zkcoord_error **err);

/**
 * Sets how many milliseconds zkcoord_client_connect() may take; negative waits for ever. Default 10000.
 * zkcoord_client_connect() refuses 0.
 */
ZKCOORD_API
zkcoord_status zkcoord_options_set_connect_timeout(zkcoord_options *options,
                                                   int64_t timeout_ms,
                                                   zkcoord_error **err);

/**
 * Sets the text by which others see the client in a queue; at most 1024 bytes. Default "host:pid".
 *
 * ZKCOORD_STATUS_INVALID_ARGUMENT for NULL and what is not UTF-8; zkcoord_client_connect() checks the rest.
 */
ZKCOORD_API zkcoord_status zkcoord_options_set_identity(zkcoord_options *options, const char *identity, zkcoord_error **err);

/**
 * Adds an authentication, like the scheme "digest" with the data "user:password" of `len` bytes, which is copied. May
 * be called several times.
 *
 * ZKCOORD_STATUS_INVALID_ARGUMENT for a scheme that is NULL or empty, and for NULL as data unless `len` is 0.
 */
ZKCOORD_API
zkcoord_status zkcoord_options_add_auth(zkcoord_options *options,
                                        const char *scheme,
                                        const uint8_t *data,
                                        size_t len,
                                        zkcoord_error **err);

/**
 * Sets whether connections are encrypted. Default false; every zkcoord_options_set_tls_...() sets true as well, and so do
 * hosts that all begin with "tcp+tls://". False forgets what those have set.
 *
 * zkcoord_client_connect() returns ZKCOORD_STATUS_INVALID_ARGUMENT for files that cannot be used,
 * ZKCOORD_STATUS_CONNECTION_LOST when TLS fails with all servers, with a message that says why, and
 * ZKCOORD_STATUS_UNSUPPORTED when this library was built without TLS. Clients read their files again for every new
 * connection, so that renewed certificates need no restart.
 */
ZKCOORD_API zkcoord_status zkcoord_options_set_tls(zkcoord_options *options, bool enabled, zkcoord_error **err);

/**
 * Sets the PEM file with the certificates of the authorities that are trusted, and only they. Default: the system's, which
 * the environment variable SSL_CERT_FILE can name.
 *
 * ZKCOORD_STATUS_INVALID_ARGUMENT for NULL and what is not UTF-8; zkcoord_client_connect() reads the file.
 */
ZKCOORD_API zkcoord_status zkcoord_options_set_tls_ca(zkcoord_options *options, const char *file, zkcoord_error **err);

/**
 * Sets the PEM file with the certificate that is shown to servers, which ask for one unless their ssl.clientAuth says "none".
 * Needs zkcoord_options_set_tls_key().
 *
 * ZKCOORD_STATUS_INVALID_ARGUMENT for NULL and what is not UTF-8; zkcoord_client_connect() reads the file.
 */
ZKCOORD_API
zkcoord_status zkcoord_options_set_tls_cert(zkcoord_options *options,
                                            const char *file,
                                            zkcoord_error **err);

/**
 * Sets the PEM file with the private key to the certificate, not encrypted. It may be the same file.
 *
 * ZKCOORD_STATUS_INVALID_ARGUMENT for NULL and what is not UTF-8; zkcoord_client_connect() reads the file.
 */
ZKCOORD_API zkcoord_status zkcoord_options_set_tls_key(zkcoord_options *options, const char *file, zkcoord_error **err);

/**
 * Sets whether a server's certificate must be one for the host that was named in `hosts`. Default true. Without it, whoever
 * has any certificate of a trusted authority can pose as the server.
 */
ZKCOORD_API
zkcoord_status zkcoord_options_set_tls_verify_hostname(zkcoord_options *options,
                                                       bool verify,
                                                       zkcoord_error **err);

/**
 * Sets who may touch the nodes that the client makes: "open" (everybody; the default), "creator" (only who
 * authenticated like the creator), or "read" (the creator everything, everybody may read).
 *
 * ZKCOORD_STATUS_INVALID_ARGUMENT for any other name.
 */
ZKCOORD_API zkcoord_status zkcoord_options_set_acl(zkcoord_options *options, const char *acl, zkcoord_error **err);

/**
 * Takes ownership of the options. NULL is fine. Clients that were connected with them are not touched.
 */
ZKCOORD_API void zkcoord_options_free(zkcoord_options *options);

/**
 * Connects to `hosts`, like "zk1:2181,zk2:2181/app"; the chroot behind the servers is made when it is missing. Borrows
 * `options` for the call; NULL stands for the defaults. Returns a new client; free with zkcoord_client_free().
 *
 * ZKCOORD_STATUS_INVALID_ARGUMENT for hosts or options that cannot be, ZKCOORD_STATUS_CONNECTION_LOST when no server
 * answers within the connect timeout, ZKCOORD_STATUS_NOT_AUTHORIZED when the servers refuse the authentication or the
 * chroot, ZKCOORD_STATUS_UNSUPPORTED for TLS in a build without it.
 */
ZKCOORD_API
zkcoord_status zkcoord_client_connect(const char *hosts,
                                      const zkcoord_options *options,
                                      zkcoord_client **out,
                                      zkcoord_error **err);

/**
 * Stores in `*out` what the client stands on right now.
 */
ZKCOORD_API zkcoord_status zkcoord_client_state(const zkcoord_client *client, zkcoord_state *out, zkcoord_error **err);

/**
 * Calls `fn` with every new state, until the subscription is freed or the client is closed, which is the last state. States
 * that follow each other faster than `fn` returns are left out; the latest never is. Returns a new subscription in
 * `*subscription`, which may be NULL; free with zkcoord_subscription_free(). It does not keep the client open. See
 * "Callbacks" above for `destroy`.
 */
ZKCOORD_API
zkcoord_status zkcoord_client_on_state(const zkcoord_client *client,
                                       zkcoord_state_fn fn,
                                       void *user_data,
                                       zkcoord_destroy_fn destroy,
                                       zkcoord_subscription **subscription,
                                       zkcoord_error **err);

/**
 * Stores in `*out` the id of the current session; 0 when there is none.
 */
ZKCOORD_API zkcoord_status zkcoord_client_session_id(const zkcoord_client *client, int64_t *out, zkcoord_error **err);

/**
 * Stores in `*out` the session timeout in milliseconds: what the server granted, or what was asked for while there is
 * no session.
 */
ZKCOORD_API zkcoord_status zkcoord_client_session_timeout(const zkcoord_client *client, int64_t *out, zkcoord_error **err);

/**
 * Asks the holder of a lock to give it back, by writing to its `node`, as Curator's Revoker does; see
 * zkcoord_queue_node(). Stores in `*out` whether the node was there. What becomes of it is the holder's decision. The
 * text in the node is replaced.
 *
 * ZKCOORD_STATUS_INVALID_ARGUMENT for a path that is no contender's, ZKCOORD_STATUS_NOT_AUTHORIZED when the server refuses.
 */
ZKCOORD_API
zkcoord_status zkcoord_client_request_revoke(const zkcoord_client *client,
                                             const char *node,
                                             int64_t timeout_ms,
                                             bool *out,
                                             zkcoord_error **err);

/**
 * Closes the client: ends its session, and with that gives back all its locks. What is under way fails with
 * ZKCOORD_STATUS_CLOSED, and so does every later call. Can be called again. The client must still be freed.
 *
 * ZKCOORD_STATUS_TIMEOUT when the server does not confirm it in time; the client is closed all the same.
 */
ZKCOORD_API zkcoord_status zkcoord_client_close(zkcoord_client *client, int64_t timeout_ms, zkcoord_error **err);

/**
 * Takes ownership of the client. NULL is fine. The session ends, in the background, when all that was made from the
 * client has been freed too.
 */
ZKCOORD_API void zkcoord_client_free(zkcoord_client *client);

/**
 * Returns new options, all at their defaults; free with zkcoord_mutex_options_free().
 */
ZKCOORD_API zkcoord_mutex_options *zkcoord_mutex_options_new(void);

/**
 * Sets whose node names the lock writes: "curator" (the default; go-zookeeper reads them too) or "kazoo". Everyone who
 * shares the path must be able to read them.
 *
 * ZKCOORD_STATUS_INVALID_ARGUMENT for any other name.
 */
ZKCOORD_API
zkcoord_status zkcoord_mutex_options_set_scheme(zkcoord_mutex_options *options,
                                                const char *scheme,
                                                zkcoord_error **err);

/**
 * Lets the threads of this client hand a mutex to each other, up to `most` times in a row without any request; then it is
 * the others' turn. 0, the default, is strict: everybody in the order of the server's queue. For zkcoord_mutex only:
 * the functions that make other locks refuse more than 0.
 *
 * Those who ask with more than 0, through any mutex of the client at the same path, stand in one line, and one node stands
 * in the server's queue for all of them. How often a lock is handed over is decided by who gives it. Guards that were
 * handed over one after the other share the node and the token: they never overlap, but whoever checks tokens cannot tell
 * them apart. A lock that is lost, or that somebody asked for, is not handed over.
 *
 * ZKCOORD_STATUS_INVALID_ARGUMENT when it is not from 0 to 4294967295.
 */
ZKCOORD_API
zkcoord_status zkcoord_mutex_options_set_handoff(zkcoord_mutex_options *options,
                                                 int64_t most,
                                                 zkcoord_error **err);

/**
 * Takes ownership of the options. NULL is fine. Locks that were made with them are not touched.
 */
ZKCOORD_API void zkcoord_mutex_options_free(zkcoord_mutex_options *options);

/**
 * Makes a mutex at `path`, an absolute znode path below the client's chroot. No request is sent. Borrows both for the
 * call; returns a new mutex; free with zkcoord_mutex_free().
 *
 * ZKCOORD_STATUS_INVALID_ARGUMENT for a path that is none.
 */
ZKCOORD_API
zkcoord_status zkcoord_mutex_new(const zkcoord_client *client,
                                 const char *path,
                                 zkcoord_mutex **out,
                                 zkcoord_error **err);

/**
 * As zkcoord_mutex_new(), with options, which it borrows for the call; NULL stands for the defaults.
 */
ZKCOORD_API
zkcoord_status zkcoord_mutex_new_with_options(const zkcoord_client *client,
                                              const char *path,
                                              const zkcoord_mutex_options *options,
                                              zkcoord_mutex **out,
                                              zkcoord_error **err);

/**
 * Waits until the lock is held. Returns a new guard; free with zkcoord_guard_free(), which gives the lock back.
 *
 * ZKCOORD_STATUS_TIMEOUT when `timeout_ms` passes first: nothing is held then, no node is left.
 * ZKCOORD_STATUS_WOULD_DEADLOCK also when this thread would wait for what it holds itself, with the same client, through a
 * zkcoord_reentrant_mutex or a zkcoord_rw_lock; what it holds through a zkcoord_mutex it waits for.
 * ZKCOORD_STATUS_NOT_AUTHORIZED, ZKCOORD_STATUS_QUOTA and ZKCOORD_STATUS_SEQUENCE_EXHAUSTED when the server refuses.
 */
ZKCOORD_API
zkcoord_status zkcoord_mutex_acquire(const zkcoord_mutex *mutex,
                                     int64_t timeout_ms,
                                     zkcoord_guard **out,
                                     zkcoord_error **err);

/**
 * Takes the lock if it is free. Returns a new guard, free with zkcoord_guard_free(); or NULL with ZKCOORD_STATUS_OK
 * when the lock is taken.
 *
 * ZKCOORD_STATUS_CONNECTION_LOST when there is no connection; otherwise as zkcoord_mutex_acquire().
 */
ZKCOORD_API zkcoord_status zkcoord_mutex_try_acquire(const zkcoord_mutex *mutex, zkcoord_guard **out, zkcoord_error **err);

/**
 * Looks who holds the lock and who waits for it. Returns a new queue; free with zkcoord_queue_free().
 *
 * ZKCOORD_STATUS_NOT_AUTHORIZED when the server refuses.
 */
ZKCOORD_API
zkcoord_status zkcoord_mutex_inspect(const zkcoord_mutex *mutex,
                                     int64_t timeout_ms,
                                     zkcoord_queue **out,
                                     zkcoord_error **err);

/**
 * Returns new figures: how long the calls of zkcoord_mutex_acquire() with this mutex took so far, and how long it was held;
 * free with zkcoord_stats_free(). Costs no round trip.
 */
ZKCOORD_API zkcoord_status zkcoord_mutex_stats(const zkcoord_mutex *mutex, zkcoord_stats **out, zkcoord_error **err);

/**
 * Takes ownership of the mutex. NULL is fine. Its guards live on.
 */
ZKCOORD_API void zkcoord_mutex_free(zkcoord_mutex *mutex);

/**
 * Makes a reentrant mutex at `path`, an absolute znode path below the client's chroot. No request is sent. Borrows both
 * for the call; returns a new reentrant mutex; free with zkcoord_reentrant_mutex_free().
 *
 * ZKCOORD_STATUS_INVALID_ARGUMENT for a path that is none.
 */
ZKCOORD_API
zkcoord_status zkcoord_reentrant_mutex_new(const zkcoord_client *client,
                                           const char *path,
                                           zkcoord_reentrant_mutex **out,
                                           zkcoord_error **err);

/**
 * As zkcoord_reentrant_mutex_new(), with options, which it borrows for the call; NULL stands for the defaults.
 */
ZKCOORD_API
zkcoord_status zkcoord_reentrant_mutex_new_with_options(const zkcoord_client *client,
                                                        const char *path,
                                                        const zkcoord_mutex_options *options,
                                                        zkcoord_reentrant_mutex **out,
                                                        zkcoord_error **err);

/**
 * Waits until this thread holds the lock; at once when it does already. Returns a new guard; free with
 * zkcoord_guard_free(), which gives it back.
 *
 * ZKCOORD_STATUS_WOULD_DEADLOCK also when this thread holds what is at the path through a zkcoord_rw_lock of the same
 * client. What it holds through a zkcoord_mutex it waits for: that is nobody's. Otherwise as zkcoord_mutex_acquire().
 */
ZKCOORD_API
zkcoord_status zkcoord_reentrant_mutex_acquire(const zkcoord_reentrant_mutex *mutex,
                                               int64_t timeout_ms,
                                               zkcoord_guard **out,
                                               zkcoord_error **err);

/**
 * Takes the lock if it is free, or this thread holds it already. Returns a new guard, free with zkcoord_guard_free(); or
 * NULL with ZKCOORD_STATUS_OK when somebody else holds it.
 *
 * What it can answer is that of zkcoord_mutex_try_acquire().
 */
ZKCOORD_API
zkcoord_status zkcoord_reentrant_mutex_try_acquire(const zkcoord_reentrant_mutex *mutex,
                                                   zkcoord_guard **out,
                                                   zkcoord_error **err);

/**
 * As zkcoord_mutex_inspect(). What a thread holds several times shows once.
 */
ZKCOORD_API
zkcoord_status zkcoord_reentrant_mutex_inspect(const zkcoord_reentrant_mutex *mutex,
                                               int64_t timeout_ms,
                                               zkcoord_queue **out,
                                               zkcoord_error **err);

/**
 * As zkcoord_mutex_stats().
 */
ZKCOORD_API
zkcoord_status zkcoord_reentrant_mutex_stats(const zkcoord_reentrant_mutex *mutex,
                                             zkcoord_stats **out,
                                             zkcoord_error **err);

/**
 * Takes ownership of the reentrant mutex. NULL is fine. Its guards live on.
 */
ZKCOORD_API void zkcoord_reentrant_mutex_free(zkcoord_reentrant_mutex *mutex);

/**
 * Makes a read/write lock at `path`, an absolute znode path below the client's chroot. No request is sent. Borrows
 * both for the call; returns a new lock; free with zkcoord_rw_lock_free().
 *
 * ZKCOORD_STATUS_INVALID_ARGUMENT for a path that is none.
 */
ZKCOORD_API
zkcoord_status zkcoord_rw_lock_new(const zkcoord_client *client,
                                   const char *path,
                                   zkcoord_rw_lock **out,
                                   zkcoord_error **err);

/**
 * As zkcoord_rw_lock_new(), with options, which it borrows for the call; NULL stands for the defaults.
 */
ZKCOORD_API
zkcoord_status zkcoord_rw_lock_new_with_options(const zkcoord_client *client,
                                                const char *path,
                                                const zkcoord_mutex_options *options,
                                                zkcoord_rw_lock **out,
                                                zkcoord_error **err);

/**
 * Returns a new mutex that any number may hold at once, while nobody holds that of zkcoord_rw_lock_write(); free with
 * zkcoord_mutex_free(). It lives on without the lock. What zkcoord_mutex_stats() tells is of all that this returned for
 * the lock.
 */
ZKCOORD_API zkcoord_status zkcoord_rw_lock_read(const zkcoord_rw_lock *lock, zkcoord_mutex **out, zkcoord_error **err);

/**
 * Returns a new mutex that one holds alone; free with zkcoord_mutex_free(). See zkcoord_rw_lock_read().
 */
ZKCOORD_API zkcoord_status zkcoord_rw_lock_write(const zkcoord_rw_lock *lock, zkcoord_mutex **out, zkcoord_error **err);

/**
 * Takes ownership of the lock. NULL is fine. Its mutexes and guards live on.
 */
ZKCOORD_API void zkcoord_rw_lock_free(zkcoord_rw_lock *lock);

/**
 * Makes a multi mutex of `count` paths, in any order. No request is sent. Borrows all for the call; returns a new multi
 * mutex; free with zkcoord_multi_mutex_free().
 *
 * ZKCOORD_STATUS_INVALID_ARGUMENT for a path that is none, and for no path.
 */
ZKCOORD_API
zkcoord_status zkcoord_multi_mutex_new(const zkcoord_client *client,
                                       const char *const *paths,
                                       size_t count,
                                       zkcoord_multi_mutex **out,
                                       zkcoord_error **err);

/**
 * As zkcoord_multi_mutex_new(), with options, which it borrows for the call; NULL stands for the defaults.
 */
ZKCOORD_API
zkcoord_status zkcoord_multi_mutex_new_with_options(const zkcoord_client *client,
                                                    const char *const *paths,
                                                    size_t count,
                                                    const zkcoord_mutex_options *options,
                                                    zkcoord_multi_mutex **out,
                                                    zkcoord_error **err);

/**
 * Waits until all the locks are held. Returns a new guard; free with zkcoord_guard_free(), which gives them back.
 *
 * What it can answer is that of zkcoord_mutex_acquire().
 */
ZKCOORD_API
zkcoord_status zkcoord_multi_mutex_acquire(const zkcoord_multi_mutex *mutex,
                                           int64_t timeout_ms,
                                           zkcoord_guard **out,
                                           zkcoord_error **err);

/**
 * Takes all the locks if all are free. Returns a new guard, free with zkcoord_guard_free(); or NULL with
 * ZKCOORD_STATUS_OK when one of them is taken.
 *
 * What it can answer is that of zkcoord_mutex_try_acquire().
 */
ZKCOORD_API
zkcoord_status zkcoord_multi_mutex_try_acquire(const zkcoord_multi_mutex *mutex,
                                               zkcoord_guard **out,
                                               zkcoord_error **err);

/**
 * As zkcoord_mutex_stats().
 */
ZKCOORD_API
zkcoord_status zkcoord_multi_mutex_stats(const zkcoord_multi_mutex *mutex,
                                         zkcoord_stats **out,
                                         zkcoord_error **err);

/**
 * Takes ownership of the multi mutex. NULL is fine. Its guards live on.
 */
ZKCOORD_API void zkcoord_multi_mutex_free(zkcoord_multi_mutex *mutex);

/**
 * Makes a semaphore with so many permits at `path`, an absolute znode path below the client's chroot. No request is
 * sent. Borrows both for the call; returns a new semaphore; free with zkcoord_semaphore_free().
 *
 * ZKCOORD_STATUS_INVALID_ARGUMENT for a path that is none, and for permits that are not from 1 to 2147483647.
 */
ZKCOORD_API
zkcoord_status zkcoord_semaphore_new(const zkcoord_client *client,
                                     const char *path,
                                     int64_t permits,
                                     zkcoord_semaphore **out,
                                     zkcoord_error **err);

/**
 * Waits for so many permits, all at once. Returns a new guard; free with zkcoord_guard_free(), which gives them back.
 *
 * ZKCOORD_STATUS_INVALID_ARGUMENT when there are not so many, for none, and for more than 500; otherwise as
 * zkcoord_mutex_acquire().
 */
ZKCOORD_API
zkcoord_status zkcoord_semaphore_acquire(const zkcoord_semaphore *semaphore,
                                         int64_t permits,
                                         int64_t timeout_ms,
                                         zkcoord_guard **out,
                                         zkcoord_error **err);

/**
 * Takes so many permits if they are free and nobody waits. Returns a new guard, free with zkcoord_guard_free(); or NULL
 * with ZKCOORD_STATUS_OK when they are not to be had.
 *
 * ZKCOORD_STATUS_INVALID_ARGUMENT as for zkcoord_semaphore_acquire(); otherwise as zkcoord_mutex_try_acquire().
 */
ZKCOORD_API
zkcoord_status zkcoord_semaphore_try_acquire(const zkcoord_semaphore *semaphore,
                                             int64_t permits,
                                             zkcoord_guard **out,
                                             zkcoord_error **err);

/**
 * As zkcoord_mutex_stats().
 */
ZKCOORD_API
zkcoord_status zkcoord_semaphore_stats(const zkcoord_semaphore *semaphore,
                                       zkcoord_stats **out,
                                       zkcoord_error **err);

/**
 * Takes ownership of the semaphore. NULL is fine. Its guards live on.
 */
ZKCOORD_API void zkcoord_semaphore_free(zkcoord_semaphore *semaphore);

/**
 * The fencing token: larger than that of every holder before. Pass it along with what you write, and let the receiver
 * refuse a token smaller than one that it has seen. 0 for NULL.
 */
ZKCOORD_API uint64_t zkcoord_guard_token(const zkcoord_guard *guard);

/**
 * The path of the lock's node, below the client's chroot; that of the first one when there are several. Lives as long as
 * the guard; NULL for NULL.
 */
ZKCOORD_API const char *zkcoord_guard_node(const zkcoord_guard *guard);

/**
 * How many nodes the guard has, each with a token: as many as locks of a multi-mutex, in the order of their paths; as many as
 * permits of a semaphore; otherwise 1. 0 for NULL.
 */
ZKCOORD_API
size_t zkcoord_guard_token_count(const zkcoord_guard *guard);

/**
 * The fencing token of the guard's node at `index`. Each fences what its own lock protects: compare tokens of one path only. 0
 * for NULL and beyond the last one.
 */
ZKCOORD_API
uint64_t zkcoord_guard_token_at(const zkcoord_guard *guard,
                                size_t index);

/**
 * The path of the guard's node at `index`, below the client's chroot. Lives as long as the guard; NULL for NULL and beyond the
 * last one.
 */
ZKCOORD_API
const char *zkcoord_guard_node_at(const zkcoord_guard *guard,
                                  size_t index);

/**
 * Whether the lock is held for certain at this moment. Costs no round trip. False for NULL and in a child of fork().
 */
ZKCOORD_API bool zkcoord_guard_is_held(const zkcoord_guard *guard);

/**
 * Checks that the lock is held for certain at this moment. Costs no round trip.
 *
 * ZKCOORD_STATUS_LOCK_LOST when it is not held any more or cannot be known to be; the message says why.
 */
ZKCOORD_API zkcoord_status zkcoord_guard_check(const zkcoord_guard *guard, zkcoord_error **err);

/**
 * For how many more milliseconds the lock is held for certain if no server answers from now on; 0 when it is not held any more,
 * for NULL and in a child of fork(). Costs no round trip. While servers answer it stays between 3/8 and 5/8 of the session
 * timeout; when it runs out the lock is lost. Who deletes the lock's node takes it without such a warning.
 */
ZKCOORD_API
int64_t zkcoord_guard_lease_remaining(const zkcoord_guard *guard);

/**
 * Calls `fn(user_data)` once when the lock is lost: soon, if that has happened already; never, if it is released or
 * freed first. May be called several times. See "Callbacks" above for `destroy`, which may be NULL.
 */
ZKCOORD_API
zkcoord_status zkcoord_guard_on_lost(const zkcoord_guard *guard,
                                     void (*fn)(void *user_data),
                                     void *user_data,
                                     void (*destroy)(void *user_data),
                                     zkcoord_error **err);

/**
 * Whether somebody has asked for the lock, with zkcoord_client_request_revoke() or Curator's Revoker. It stays held; the
 * holder decides. False for NULL and in a child of fork().
 */
ZKCOORD_API bool zkcoord_guard_is_revoke_requested(const zkcoord_guard *guard);

/**
 * Calls `fn(user_data)` once when somebody asks for the lock: soon, if that has happened already; never, if it is
 * released, freed or lost first. May be called several times. See "Callbacks" above for `destroy`, which may be NULL.
 */
ZKCOORD_API
zkcoord_status zkcoord_guard_on_revoke(const zkcoord_guard *guard,
                                       void (*fn)(void *user_data),
                                       void *user_data,
                                       void (*destroy)(void *user_data),
                                       zkcoord_error **err);

/**
 * Sets the data of the node at `path`, below the client's chroot, on condition that the lock is still held, which the
 * server itself checks; and that the node is at `version`, unless that is -1. `data` is copied.
 *
 * ZKCOORD_STATUS_LOCK_LOST when the lock's node is gone, ZKCOORD_STATUS_INVALID_ARGUMENT when there is no such node or
 * it is at another version: nothing was written. ZKCOORD_STATUS_INDETERMINATE when the connection was lost, or the
 * timeout passed, after the write was sent. ZKCOORD_STATUS_NOT_AUTHORIZED and ZKCOORD_STATUS_QUOTA when the server
 * refuses.
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
 * Creates a persistent node at `path` on condition that the lock is still held. ZKCOORD_STATUS_INVALID_ARGUMENT when
 * there is such a node already, or no parent for it. See zkcoord_guard_set_data() for the rest.
 */
ZKCOORD_API
zkcoord_status zkcoord_guard_create(const zkcoord_guard *guard,
                                    const char *path,
                                    const uint8_t *data,
                                    size_t len,
                                    int64_t timeout_ms,
                                    zkcoord_error **err);

/**
 * Deletes the node at `path` on condition that the lock is still held, and that the node is at `version`, unless that
 * is -1. ZKCOORD_STATUS_INVALID_ARGUMENT also when it has children. See zkcoord_guard_set_data() for the rest.
 */
ZKCOORD_API
zkcoord_status zkcoord_guard_delete(const zkcoord_guard *guard,
                                    const char *path,
                                    int32_t version,
                                    int64_t timeout_ms,
                                    zkcoord_error **err);

/**
 * Gives the lock back and waits until the server has confirmed it. Can be called again, and after a loss. The guard
 * must still be freed.
 *
 * ZKCOORD_STATUS_TIMEOUT when the server does not confirm it in time; it goes on in the background. Never
 * ZKCOORD_STATUS_LOCK_LOST.
 */
ZKCOORD_API zkcoord_status zkcoord_guard_release(zkcoord_guard *guard, int64_t timeout_ms, zkcoord_error **err);

/**
 * Takes ownership of the guard and gives its lock back, in the background. NULL is fine. In a child of fork() the lock
 * stays with the parent.
 */
ZKCOORD_API void zkcoord_guard_free(zkcoord_guard *guard);

/**
 * How many hold or wait, first come first: their indexes are those from 0 on.
 */
ZKCOORD_API size_t zkcoord_queue_count(const zkcoord_queue *queue);

/**
 * The path of the contender's node, below the client's chroot, as for zkcoord_client_request_revoke(). Lives as long as
 * the queue.
 */
ZKCOORD_API const char *zkcoord_queue_node(const zkcoord_queue *queue, size_t index);

/**
 * The text in the contender's node, by which it wants to be seen; see zkcoord_options_set_identity(). Lives as long as
 * the queue.
 */
ZKCOORD_API const char *zkcoord_queue_identity(const zkcoord_queue *queue, size_t index);

/**
 * The session that the contender belongs to; 0 when its node is not ephemeral.
 */
ZKCOORD_API int64_t zkcoord_queue_session_id(const zkcoord_queue *queue, size_t index);

/**
 * Whether the contender holds the lock; otherwise it waits.
 */
ZKCOORD_API bool zkcoord_queue_is_holder(const zkcoord_queue *queue, size_t index);

/**
 * Whether the contender is content with others that read.
 */
ZKCOORD_API bool zkcoord_queue_is_reader(const zkcoord_queue *queue, size_t index);

/**
 * Which library wrote the contender's node, as far as its name tells: "zkcoord", "curator", "kazoo", "go-zookeeper",
 * "zookeeper-recipe" or "other". Lives as long as the queue.
 */
ZKCOORD_API const char *zkcoord_queue_library(const zkcoord_queue *queue, size_t index);

/**
 * When the contender queued: milliseconds since 1970, by the server's clock.
 */
ZKCOORD_API int64_t zkcoord_queue_waiting_since(const zkcoord_queue *queue, size_t index);

/**
 * How many warnings there are; 0 when all contenders can see each other.
 */
ZKCOORD_API size_t zkcoord_queue_warning_count(const zkcoord_queue *queue);

/**
 * What is wrong with the queue, in words to act on, as when libraries share it that do not exclude each other. Lives as
 * long as the queue.
 */
ZKCOORD_API const char *zkcoord_queue_warning(const zkcoord_queue *queue, size_t index);

/**
 * Takes ownership of the queue. NULL is fine. The lock is not touched.
 */
ZKCOORD_API void zkcoord_queue_free(zkcoord_queue *queue);

/**
 * How many waits ended well.
 */
ZKCOORD_API uint64_t zkcoord_stats_count(const zkcoord_stats *stats);

/**
 * How many waits ended with ZKCOORD_STATUS_TIMEOUT.
 */
ZKCOORD_API uint64_t zkcoord_stats_timeouts(const zkcoord_stats *stats);

/**
 * The mean of the waits, in seconds.
 */
ZKCOORD_API double zkcoord_stats_mean(const zkcoord_stats *stats);

/**
 * The standard deviation of the waits, in seconds.
 */
ZKCOORD_API double zkcoord_stats_stddev(const zkcoord_stats *stats);

/**
 * Half of the waits took at most so many seconds.
 */
ZKCOORD_API double zkcoord_stats_p50(const zkcoord_stats *stats);

/**
 * 99 % of the waits took at most so many seconds.
 */
ZKCOORD_API double zkcoord_stats_p99(const zkcoord_stats *stats);

/**
 * How likely a wait ends within `budget_ms`, from 0 to 1; for a negative budget, which is for ever, 1. NaN before the
 * second wait, and for NULL.
 *
 * Waits are taken to be distributed logistically: P = 1 / (1 + e^-k), k = (budget - mean) / (stddev * sqrt(3) / pi).
 * With n waits seen it is off by at most about 0.45 / sqrt(n): 0.1 with 20, 0.015 with 1000.
 */
ZKCOORD_API double zkcoord_stats_success_probability(const zkcoord_stats *stats, int64_t budget_ms);

/**
 * How many holds ended.
 */
ZKCOORD_API uint64_t zkcoord_stats_hold_count(const zkcoord_stats *stats);

/**
 * The mean of the holds, in seconds.
 */
ZKCOORD_API double zkcoord_stats_hold_mean(const zkcoord_stats *stats);

/**
 * The standard deviation of the holds, in seconds.
 */
ZKCOORD_API double zkcoord_stats_hold_stddev(const zkcoord_stats *stats);

/**
 * Half of the holds took at most so many seconds.
 */
ZKCOORD_API double zkcoord_stats_hold_p50(const zkcoord_stats *stats);

/**
 * 99 % of the holds took at most so many seconds.
 */
ZKCOORD_API double zkcoord_stats_hold_p99(const zkcoord_stats *stats);

/**
 * Takes ownership of the figures. NULL is fine.
 */
ZKCOORD_API void zkcoord_stats_free(zkcoord_stats *stats);

/**
 * Returns new options, all at their defaults; free with zkcoord_counter_options_free().
 */
ZKCOORD_API zkcoord_counter_options *zkcoord_counter_options_new(void);

/**
 * Sets how the value stands in the node. Everyone who shares the counter must use the same.
 * - "i64" (the default): 8 bytes, big-endian, as Curator's DistributedAtomicLong;
 * - "i32": 4 bytes, big-endian, as Curator's SharedCount and DistributedAtomicInteger, and kazoo's Counter with
 *   support_curator. Only what an int32_t can be;
 * - "text": a decimal number in ASCII, as kazoo's Counter.
 *
 * ZKCOORD_STATUS_INVALID_ARGUMENT for any other name.
 */
ZKCOORD_API
zkcoord_status zkcoord_counter_options_set_format(zkcoord_counter_options *options,
                                                  const char *format,
                                                  zkcoord_error **err);

/**
 * Sets the value of a node that is missing or empty, from which the first change starts. Default 0. It must be within the
 * bounds and what the format can be.
 */
ZKCOORD_API
zkcoord_status zkcoord_counter_options_set_default(zkcoord_counter_options *options,
                                                   int64_t value,
                                                   zkcoord_error **err);

/**
 * Sets the least value: a change whose result would be less fails with ZKCOORD_STATUS_OVERFLOW and changes nothing. Default:
 * the least that the format can be. Only this client's changes through this counter are held to it; what others wrote
 * is read as it is.
 */
ZKCOORD_API
zkcoord_status zkcoord_counter_options_set_min(zkcoord_counter_options *options,
                                               int64_t value,
                                               zkcoord_error **err);

/**
 * Sets the greatest value. Otherwise as zkcoord_counter_options_set_min().
 */
ZKCOORD_API
zkcoord_status zkcoord_counter_options_set_max(zkcoord_counter_options *options,
                                               int64_t value,
                                               zkcoord_error **err);

/**
 * Sets whether a change whose reply is lost is resolved, for which the client makes an ephemeral child of the counter's
 * node. Default true. False is for nodes whose ACL forbids children: a change whose reply is lost then answers
 * ZKCOORD_STATUS_INDETERMINATE, unless the node itself proves that it was not applied.
 */
ZKCOORD_API
zkcoord_status zkcoord_counter_options_set_exactly_once(zkcoord_counter_options *options,
                                                        bool exactly_once,
                                                        zkcoord_error **err);

/**
 * Takes ownership of the options. NULL is fine. Counters that were made with them are not touched.
 */
ZKCOORD_API void zkcoord_counter_options_free(zkcoord_counter_options *options);

/**
 * Makes a counter at `path`, an absolute znode path below the client's chroot. No request is sent. Borrows both for
 * the call; returns a new counter; free with zkcoord_counter_free().
 *
 * ZKCOORD_STATUS_INVALID_ARGUMENT for a path that is none.
 */
ZKCOORD_API
zkcoord_status zkcoord_counter_new(const zkcoord_client *client,
                                   const char *path,
                                   zkcoord_counter **out,
                                   zkcoord_error **err);

/**
 * As zkcoord_counter_new(), with options, which it borrows for the call; NULL stands for the defaults.
 *
 * ZKCOORD_STATUS_INVALID_ARGUMENT also for a least value above the greatest, and for a default that is out of bounds or
 * that the format cannot be.
 */
ZKCOORD_API
zkcoord_status zkcoord_counter_new_with_options(const zkcoord_client *client,
                                                const char *path,
                                                const zkcoord_counter_options *options,
                                                zkcoord_counter **out,
                                                zkcoord_error **err);

/**
 * Adds `delta` and stores the new value in `*out`.
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
 * Stores the value in `*out`. Every change acknowledged before the call is in it: the connected server asks the leader
 * first.
 *
 * ZKCOORD_STATUS_BAD_DATA when the node holds something else, ZKCOORD_STATUS_NOT_AUTHORIZED when the server refuses. So
 * do the other calls that only read.
 */
ZKCOORD_API
zkcoord_status zkcoord_counter_get(const zkcoord_counter *counter,
                                   int64_t timeout_ms,
                                   int64_t *out,
                                   zkcoord_error **err);

/**
 * Stores in `*out` the value as the connected server has it, which may lag behind what others were told.
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
 * Sets the value and stores the one before in `*out`.
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
 * Takes `n` consecutive numbers that nobody else gets, neither by this nor by zkcoord_counter_increment(), and stores the
 * first of them in `*out`: they are `*out` to `*out + n - 1`. The value goes up by `n`, to the last of them. They are
 * unique as long as nobody lowers or sets the counter. Numbers of a call that did not end well may be lost.
 *
 * ZKCOORD_STATUS_INVALID_ARGUMENT when `n` is less than 1.
 */
ZKCOORD_API
zkcoord_status zkcoord_counter_reserve(const zkcoord_counter *counter,
                                       int64_t n,
                                       int64_t timeout_ms,
                                       int64_t *out,
                                       zkcoord_error **err);

/**
 * Returns new figures: how long the changes through this counter took so far; free with zkcoord_stats_free(). Costs no
 * round trip.
 */
ZKCOORD_API zkcoord_status zkcoord_counter_stats(const zkcoord_counter *counter, zkcoord_stats **out, zkcoord_error **err);

/**
 * Takes ownership of the counter. NULL is fine. What is under way goes on, and its watches live on.
 */
ZKCOORD_API void zkcoord_counter_free(zkcoord_counter *counter);

/**
 * Stores the value in `*out`, as zkcoord_counter_get(), and in `*out_version` the version of its node: how often that was
 * written since it was made, -1 when it is missing. `*out_version` is 0 after a failure. Neither may be NULL.
 */
ZKCOORD_API
zkcoord_status zkcoord_counter_versioned(const zkcoord_counter *counter,
                                         int64_t timeout_ms,
                                         int64_t *out,
                                         int32_t *out_version,
                                         zkcoord_error **err);

/**
 * Calls `fn` with the counter's value, soon, and then with each new one, until the subscription is freed. Values that follow
 * each other faster than `fn` returns are left out; the latest never is. Goes on through lost connections and the session's
 * expiry. Returns a new subscription in `*subscription`, which may be NULL; free with zkcoord_subscription_free(). Until then
 * it keeps the client's session open. See "Callbacks" above for `destroy`.
 *
 * `fn` also gets failures: ZKCOORD_STATUS_BAD_DATA when the node holds something else than a counter, and then what comes
 * after; any other, as ZKCOORD_STATUS_CLOSED or ZKCOORD_STATUS_NOT_AUTHORIZED, ends the calls. `error` lives until `fn`
 * returns.
 */
ZKCOORD_API
zkcoord_status zkcoord_counter_on_change(const zkcoord_counter *counter,
                                         zkcoord_int64_fn fn,
                                         void *user_data,
                                         zkcoord_destroy_fn destroy,
                                         zkcoord_subscription **subscription,
                                         zkcoord_error **err);

/**
 * Follows the counter, which it borrows for the call. No request is sent. Returns a new watch; free with
 * zkcoord_counter_watch_free().
 */
ZKCOORD_API
zkcoord_status zkcoord_counter_watch_new(const zkcoord_counter *counter,
                                         zkcoord_counter_watch **out,
                                         zkcoord_error **err);

/**
 * Waits until the value is another one than the call before gave, and stores it in `*out`; the first call gives the
 * current value at once. Values that follow each other faster than they are asked for are left out; the latest never is. A
 * node that is missing has the counter's default. Goes on through lost connections and the session's expiry. Calls of
 * several threads take turns, and each value goes to one of them.
 *
 * ZKCOORD_STATUS_TIMEOUT when there was no other value in time: the next call goes on with it.
 * ZKCOORD_STATUS_BAD_DATA when the node holds something else than a counter: the next call waits until that has changed.
 * ZKCOORD_STATUS_NOT_AUTHORIZED when the server refuses.
 */
ZKCOORD_API
zkcoord_status zkcoord_counter_watch_next(const zkcoord_counter_watch *watch,
                                          int64_t timeout_ms,
                                          int64_t *out,
                                          zkcoord_error **err);

/**
 * Takes ownership of the watch. NULL is fine. The counter is not touched.
 */
ZKCOORD_API void zkcoord_counter_watch_free(zkcoord_counter_watch *watch);

/**
 * Returns new options, all at their defaults; free with zkcoord_striped_counter_options_free().
 */
ZKCOORD_API zkcoord_striped_counter_options *zkcoord_striped_counter_options_new(void);

/**
 * Sets how many milliseconds an add may wait to be written. Default 100. 0 has it written at once; adds that come in while
 * a write is under way share the next one.
 *
 * ZKCOORD_STATUS_INVALID_ARGUMENT when it is negative.
 */
ZKCOORD_API
zkcoord_status zkcoord_striped_counter_options_set_flush_interval(zkcoord_striped_counter_options *options,
                                                                  int64_t interval_ms,
                                                                  zkcoord_error **err);

/**
 * Takes ownership of the options. NULL is fine. Counters that were made with them are not touched.
 */
ZKCOORD_API void zkcoord_striped_counter_options_free(zkcoord_striped_counter_options *options);

/**
 * Makes a striped counter at `path`, an absolute znode path below the client's chroot. No request is sent. Borrows both
 * for the call; returns a new striped counter; free with zkcoord_striped_counter_free().
 *
 * ZKCOORD_STATUS_INVALID_ARGUMENT for a path that is none.
 */
ZKCOORD_API
zkcoord_status zkcoord_striped_counter_new(const zkcoord_client *client,
                                           const char *path,
                                           zkcoord_striped_counter **out,
                                           zkcoord_error **err);

/**
 * As zkcoord_striped_counter_new(), with options, which it borrows for the call; NULL stands for the defaults.
 */
ZKCOORD_API
zkcoord_status zkcoord_striped_counter_new_with_options(const zkcoord_client *client,
                                                        const char *path,
                                                        const zkcoord_striped_counter_options *options,
                                                        zkcoord_striped_counter **out,
                                                        zkcoord_error **err);

/**
 * Adds `n`, which may be negative, and has it written within the flush interval. Does not wait and makes no request. What
 * cannot be written is tried again until it can; zkcoord_striped_counter_flush() tells.
 *
 * ZKCOORD_STATUS_OVERFLOW when what is waiting to be written would be no int64_t: nothing is added.
 * ZKCOORD_STATUS_CLOSED after zkcoord_client_close().
 */
ZKCOORD_API
zkcoord_status zkcoord_striped_counter_add(const zkcoord_striped_counter *counter,
                                           int64_t n,
                                           zkcoord_error **err);

/**
 * Has everything written that this client has added so far, and waits until the server has confirmed it. One round trip;
 * none when nothing is waiting.
 *
 * ZKCOORD_STATUS_INDETERMINATE when the session died while a write was in flight, and its outcome cannot be learned: it is
 * not tried again, and is told once, by the next flush if the write was in the background. All others leave what was added
 * waiting, to be tried again: ZKCOORD_STATUS_TIMEOUT, ZKCOORD_STATUS_CONNECTION_LOST, ZKCOORD_STATUS_BAD_DATA when the node
 * holds something else, ZKCOORD_STATUS_OVERFLOW when this client's part of the sum would be no int64_t,
 * ZKCOORD_STATUS_INVALID_ARGUMENT when the node is empty and has children, ZKCOORD_STATUS_NOT_AUTHORIZED and
 * ZKCOORD_STATUS_QUOTA when the server refuses.
 */
ZKCOORD_API
zkcoord_status zkcoord_striped_counter_flush(const zkcoord_striped_counter *counter,
                                             int64_t timeout_ms,
                                             zkcoord_error **err);

/**
 * Stores in `*out` the sum of all that was flushed, by all clients. What was acknowledged before the call is in it; what
 * this client has added and not flushed is not. One round trip, in which the server reads a node per client; some more when
 * clients have come or gone.
 *
 * ZKCOORD_STATUS_OVERFLOW when the sum is no int64_t, ZKCOORD_STATUS_BAD_DATA when a node holds something else,
 * ZKCOORD_STATUS_UNSUPPORTED by servers before 3.6, ZKCOORD_STATUS_NOT_AUTHORIZED when the server refuses.
 */
ZKCOORD_API
zkcoord_status zkcoord_striped_counter_sum(const zkcoord_striped_counter *counter,
                                           int64_t timeout_ms,
                                           int64_t *out,
                                           zkcoord_error **err);

/**
 * Takes ownership of the counter. NULL is fine. What was added is written in the background.
 */
ZKCOORD_API void zkcoord_striped_counter_free(zkcoord_striped_counter *counter);

/**
 * Makes a window counter at `path`, an absolute znode path below the client's chroot. No request is sent. Borrows both for
 * the call; returns a new window counter; free with zkcoord_window_counter_free(). A minute in 60 buckets is a good start.
 *
 * ZKCOORD_STATUS_INVALID_ARGUMENT for a path that is none, for a window that is not from 1 ms to 100 years, and for buckets
 * that are not from 1 to 10000, or are shorter than 1 ms.
 */
ZKCOORD_API
zkcoord_status zkcoord_window_counter_new(const zkcoord_client *client,
                                          const char *path,
                                          int64_t window_ms,
                                          int64_t buckets,
                                          zkcoord_window_counter **out,
                                          zkcoord_error **err);

/**
 * Records `n` events that happen now, and stores in `*out` how many count with them; INT64_MAX stands for that and more. With
 * 0 it only counts. One round trip when nobody else writes; one more when this client has to learn the time first.
 *
 * ZKCOORD_STATUS_INVALID_ARGUMENT when `n` is negative, and when the node was made with another window or other buckets.
 * Otherwise as zkcoord_counter_add().
 */
ZKCOORD_API
zkcoord_status zkcoord_window_counter_add(const zkcoord_window_counter *counter,
                                          int64_t n,
                                          int64_t timeout_ms,
                                          int64_t *out,
                                          zkcoord_error **err);

/**
 * Stores in `*out` how many events count now. Every add acknowledged before the call is seen. One round trip; two more when
 * this client has to learn the time first. For that it writes a node of its own below the counter's, and needs the right to.
 *
 * ZKCOORD_STATUS_INVALID_ARGUMENT when the node was made with another window or other buckets, ZKCOORD_STATUS_BAD_DATA when
 * it holds something else, ZKCOORD_STATUS_NOT_AUTHORIZED when the server refuses.
 */
ZKCOORD_API
zkcoord_status zkcoord_window_counter_count(const zkcoord_window_counter *counter,
                                            int64_t timeout_ms,
                                            int64_t *out,
                                            zkcoord_error **err);

/**
 * Takes ownership of the counter. NULL is fine. What is under way goes on.
 */
ZKCOORD_API void zkcoord_window_counter_free(zkcoord_window_counter *counter);

/**
 * Returns new options, all at their defaults; free with zkcoord_rate_limiter_options_free().
 */
ZKCOORD_API zkcoord_rate_limiter_options *zkcoord_rate_limiter_options_new(void);

/**
 * Sets how many permits may be used at once, from 1 to 1000000. Default: as many as in one period.
 *
 * With fewer it is smoother: with 100 permits per second and a burst of 10 at most 10 are let through in any tenth of a
 * second, and at most 100 in any second. With more it is coarser: after a pause more may come at once, and the rate in the
 * long run is the same.
 *
 * ZKCOORD_STATUS_INVALID_ARGUMENT when it is negative; zkcoord_rate_limiter_new_with_options() checks the rest.
 */
ZKCOORD_API
zkcoord_status zkcoord_rate_limiter_options_set_burst(zkcoord_rate_limiter_options *options,
                                                      int64_t burst,
                                                      zkcoord_error **err);

/**
 * Takes ownership of the options. NULL is fine. Rate limiters that were made with them are not touched.
 */
ZKCOORD_API void zkcoord_rate_limiter_options_free(zkcoord_rate_limiter_options *options);

/**
 * Makes a rate limiter of so many permits, from 1 to 1000000, per `per_ms` milliseconds, from 1 ms to 31 days, at `path`, an
 * absolute znode path below the client's chroot. No request is sent. Borrows both for the call; returns a new rate
 * limiter; free with zkcoord_rate_limiter_free().
 *
 * ZKCOORD_STATUS_INVALID_ARGUMENT for a path that is none, and for permits or a period that cannot be.
 */
ZKCOORD_API
zkcoord_status zkcoord_rate_limiter_new(const zkcoord_client *client,
                                        const char *path,
                                        int64_t permits,
                                        int64_t per_ms,
                                        zkcoord_rate_limiter **out,
                                        zkcoord_error **err);

/**
 * As zkcoord_rate_limiter_new(), with options, which it borrows for the call; NULL stands for the defaults.
 *
 * ZKCOORD_STATUS_INVALID_ARGUMENT also for a burst that cannot be.
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
 * Waits until so many permits may be used, all at once. They are used up then: there is nothing to give back.
 *
 * ZKCOORD_STATUS_TIMEOUT when they do not come free within `timeout_ms`, as soon as that is known, which may be at once; none
 * were taken. ZKCOORD_STATUS_INVALID_ARGUMENT for 0 and for more than can ever be used at once, and when the node was made
 * for other permits, another period or burst. ZKCOORD_STATUS_BAD_DATA when the node holds something else than a limiter;
 * ZKCOORD_STATUS_NOT_AUTHORIZED and ZKCOORD_STATUS_QUOTA when the server refuses.
 */
ZKCOORD_API
zkcoord_status zkcoord_rate_limiter_acquire(const zkcoord_rate_limiter *limiter,
                                            int64_t permits,
                                            int64_t timeout_ms,
                                            zkcoord_error **err);

/**
 * Takes so many permits if they are free now, all or none, and stores in `*out` whether they were. Does not wait for
 * others.
 *
 * ZKCOORD_STATUS_CONNECTION_LOST when the server has to be asked and there is no connection; otherwise as
 * zkcoord_rate_limiter_acquire().
 */
ZKCOORD_API
zkcoord_status zkcoord_rate_limiter_try_acquire(const zkcoord_rate_limiter *limiter,
                                                int64_t permits,
                                                bool *out,
                                                zkcoord_error **err);

/**
 * Returns new figures: how long the calls of zkcoord_rate_limiter_acquire() with this limiter took so far; free with
 * zkcoord_stats_free(). Costs no round trip.
 */
ZKCOORD_API
zkcoord_status zkcoord_rate_limiter_stats(const zkcoord_rate_limiter *limiter,
                                          zkcoord_stats **out,
                                          zkcoord_error **err);

/**
 * Takes ownership of the rate limiter. NULL is fine.
 */
ZKCOORD_API void zkcoord_rate_limiter_free(zkcoord_rate_limiter *limiter);

/**
 * Returns new options, all at their defaults; free with zkcoord_miss_guard_options_free().
 */
ZKCOORD_API zkcoord_miss_guard_options *zkcoord_miss_guard_options_new(void);

/**
 * Sets how many misses within the window make a key absent, from 1 to 1000. Default 3.
 *
 * ZKCOORD_STATUS_INVALID_ARGUMENT for a number that is negative or huge; zkcoord_miss_guard_new_with_options() checks the
 * rest, here and below.
 */
ZKCOORD_API
zkcoord_status zkcoord_miss_guard_options_set_threshold(zkcoord_miss_guard_options *options,
                                                        int64_t threshold,
                                                        zkcoord_error **err);

/**
 * Sets the time in which misses count together, from 1 ms to 24 h. Default 60000 ms.
 */
ZKCOORD_API
zkcoord_status zkcoord_miss_guard_options_set_window(zkcoord_miss_guard_options *options,
                                                     int64_t window_ms,
                                                     zkcoord_error **err);

/**
 * Sets how long a key is then answered absent, from 1 ms to 24 h. Default 30000 ms.
 */
ZKCOORD_API
zkcoord_status zkcoord_miss_guard_options_set_hold(zkcoord_miss_guard_options *options,
                                                   int64_t hold_ms,
                                                   zkcoord_error **err);

/**
 * Takes ownership of the options. NULL is fine. Miss guards that were made with them are not touched.
 */
ZKCOORD_API void zkcoord_miss_guard_options_free(zkcoord_miss_guard_options *options);

/**
 * Makes a miss guard at `path`, an absolute znode path below the client's chroot, below which the keys' nodes will be. No
 * request is sent. Borrows both for the call; returns a new miss guard; free with zkcoord_miss_guard_free().
 *
 * ZKCOORD_STATUS_INVALID_ARGUMENT for a path that is none.
 */
ZKCOORD_API
zkcoord_status zkcoord_miss_guard_new(const zkcoord_client *client,
                                      const char *path,
                                      zkcoord_miss_guard **out,
                                      zkcoord_error **err);

/**
 * As zkcoord_miss_guard_new(), with options, which it borrows for the call; NULL stands for the defaults.
 *
 * ZKCOORD_STATUS_INVALID_ARGUMENT also for a threshold, window or hold that cannot be.
 */
ZKCOORD_API
zkcoord_status zkcoord_miss_guard_new_with_options(const zkcoord_client *client,
                                                   const char *path,
                                                   const zkcoord_miss_guard_options *options,
                                                   zkcoord_miss_guard **out,
                                                   zkcoord_error **err);

/**
 * Asks about a key, which is any `key_len` bytes, also none; waits while others load it. Returns a new turn when the caller
 * is to load the key, and say what came of it; free with zkcoord_load_turn_free(). Or NULL with ZKCOORD_STATUS_OK when the
 * key is absent, and need not be loaded.
 *
 * One round trip for a key that is held absent; three or four for one that the caller is to load. Not reentrant: who has a
 * turn and asks for the same key again waits for himself.
 *
 * ZKCOORD_STATUS_TIMEOUT when `timeout_ms` passes first, also while others load. ZKCOORD_STATUS_BAD_DATA when the key's
 * node holds something else, which stays as it is. ZKCOORD_STATUS_NOT_AUTHORIZED, ZKCOORD_STATUS_QUOTA and
 * ZKCOORD_STATUS_SEQUENCE_EXHAUSTED when the server refuses.
 */
ZKCOORD_API
zkcoord_status zkcoord_miss_guard_begin(const zkcoord_miss_guard *guard,
                                        const uint8_t *key,
                                        size_t key_len,
                                        int64_t timeout_ms,
                                        zkcoord_load_turn **out,
                                        zkcoord_error **err);

/**
 * Forgets the misses of a key, because it exists now. Whoever asks after this, by whatever client, loads the key again; a
 * load under way will not count as a miss. Two round trips.
 *
 * ZKCOORD_STATUS_TIMEOUT when `timeout_ms` passes before anything is written, ZKCOORD_STATUS_INDETERMINATE when it passes
 * later: forgetting again does no harm. ZKCOORD_STATUS_BAD_DATA as for zkcoord_miss_guard_begin().
 */
ZKCOORD_API
zkcoord_status zkcoord_miss_guard_forget(const zkcoord_miss_guard *guard,
                                         const uint8_t *key,
                                         size_t key_len,
                                         int64_t timeout_ms,
                                         zkcoord_error **err);

/**
 * Takes ownership of the miss guard. NULL is fine. Its turns live on.
 */
ZKCOORD_API void zkcoord_miss_guard_free(zkcoord_miss_guard *guard);

/**
 * Whether nobody else can be loading the key at this moment. Costs no round trip. False after the verdict, for NULL and in a
 * child of fork().
 */
ZKCOORD_API bool zkcoord_load_turn_is_held(const zkcoord_load_turn *turn);

/**
 * The load found the key: forgets its misses and gives the turn on. One round trip; none when there was nothing to forget.
 * When it returns ZKCOORD_STATUS_OK, nobody will be answered that the key is absent for misses before this.
 *
 * The turn is over then, also after a failure, and must still be freed. ZKCOORD_STATUS_INVALID_ARGUMENT when it was over
 * before. ZKCOORD_STATUS_INDETERMINATE when `timeout_ms` passes first: it goes on in the background. With
 * ZKCOORD_STATUS_FORKED there is no verdict; ZKCOORD_STATUS_WOULD_DEADLOCK leaves the turn as it was.
 * ZKCOORD_STATUS_NOT_AUTHORIZED and ZKCOORD_STATUS_QUOTA when the server refuses.
 */
ZKCOORD_API zkcoord_status zkcoord_load_turn_found(zkcoord_load_turn *turn, int64_t timeout_ms, zkcoord_error **err);

/**
 * The load did not find the key: records that, answers all who wait for it, and gives the turn on. One round trip. It
 * counts only if the turn was held until then, and the key was not forgotten meanwhile, which is no failure.
 *
 * What it can answer is that of zkcoord_load_turn_found().
 */
ZKCOORD_API zkcoord_status zkcoord_load_turn_missed(zkcoord_load_turn *turn, int64_t timeout_ms, zkcoord_error **err);

/**
 * Takes ownership of the turn. NULL is fine. Without a verdict before, the turn is given on, in the background, and counts
 * neither way.
 */
ZKCOORD_API void zkcoord_load_turn_free(zkcoord_load_turn *turn);

/*
 * Asynchronous calls, as "Async" above describes them, in the order of their waiting twins.
 */

/**
 * As zkcoord_client_connect(), but does not wait: `done` gets the new client.
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
 * As zkcoord_client_request_revoke(), but does not wait: `done` gets whether the node was there.
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
 * As zkcoord_client_close(), but does not wait.
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
 * As zkcoord_mutex_acquire(), but does not wait: `done` gets the new guard.
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
 * As zkcoord_mutex_try_acquire(), but does not wait: `done` gets the new guard, or NULL with ZKCOORD_STATUS_OK when the
 * lock is taken.
 */
ZKCOORD_API
zkcoord_status zkcoord_mutex_try_acquire_async(const zkcoord_mutex *mutex,
                                               zkcoord_guard_fn done,
                                               void *user_data,
                                               zkcoord_destroy_fn destroy,
                                               zkcoord_op **op,
                                               zkcoord_error **err);

/**
 * As zkcoord_mutex_inspect(), but does not wait: `done` gets the new queue.
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
 * As zkcoord_reentrant_mutex_acquire(), but does not wait: `done` gets the new guard.
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
 * As zkcoord_reentrant_mutex_try_acquire(), but does not wait: `done` gets the new guard, or NULL with ZKCOORD_STATUS_OK
 * when somebody else holds it.
 */
ZKCOORD_API
zkcoord_status zkcoord_reentrant_mutex_try_acquire_async(const zkcoord_reentrant_mutex *mutex,
                                                         zkcoord_guard_fn done,
                                                         void *user_data,
                                                         zkcoord_destroy_fn destroy,
                                                         zkcoord_op **op,
                                                         zkcoord_error **err);

/**
 * As zkcoord_reentrant_mutex_inspect(), but does not wait: `done` gets the new queue.
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
 * As zkcoord_multi_mutex_acquire(), but does not wait: `done` gets the new guard.
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
 * As zkcoord_multi_mutex_try_acquire(), but does not wait: `done` gets the new guard, or NULL with ZKCOORD_STATUS_OK when
 * one of the locks is taken.
 */
ZKCOORD_API
zkcoord_status zkcoord_multi_mutex_try_acquire_async(const zkcoord_multi_mutex *mutex,
                                                     zkcoord_guard_fn done,
                                                     void *user_data,
                                                     zkcoord_destroy_fn destroy,
                                                     zkcoord_op **op,
                                                     zkcoord_error **err);

/**
 * As zkcoord_semaphore_acquire(), but does not wait: `done` gets the new guard.
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
 * As zkcoord_semaphore_try_acquire(), but does not wait: `done` gets the new guard, or NULL with ZKCOORD_STATUS_OK when the
 * permits are not to be had.
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
 * As zkcoord_guard_set_data(), but does not wait.
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
 * As zkcoord_guard_create(), but does not wait.
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
 * As zkcoord_guard_delete(), but does not wait.
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
 * As zkcoord_guard_release(), but does not wait.
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
 * As zkcoord_counter_add(), but does not wait: `done` gets the new value.
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
 * As zkcoord_counter_increment(), but does not wait: `done` gets the new value.
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
 * As zkcoord_counter_decrement(), but does not wait: `done` gets the new value.
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
 * As zkcoord_counter_get(), but does not wait: `done` gets the value.
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
 * As zkcoord_counter_get_stale(), but does not wait: `done` gets the value.
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
 * As zkcoord_counter_set(), but does not wait.
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
 * As zkcoord_counter_get_and_set(), but does not wait: `done` gets the value before.
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
 * As zkcoord_counter_compare_and_set(), but does not wait: `done` gets whether the value was `expected`.
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
 * As zkcoord_counter_reserve(), but does not wait: `done` gets the first of the numbers.
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
 * As zkcoord_counter_versioned(), but does not wait: `done` gets the value and the version.
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
 * As zkcoord_counter_watch_next(), but does not wait: `done` gets the value.
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
 * As zkcoord_striped_counter_flush(), but does not wait.
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
 * As zkcoord_striped_counter_sum(), but does not wait: `done` gets the sum.
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
 * As zkcoord_window_counter_add(), but does not wait: `done` gets how many events count.
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
 * As zkcoord_window_counter_count(), but does not wait: `done` gets how many events count.
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
 * As zkcoord_rate_limiter_acquire(), but does not wait.
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
 * As zkcoord_rate_limiter_try_acquire(), but does not wait: `done` gets whether the permits were free.
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
 * As zkcoord_miss_guard_begin(), but does not wait: `done` gets the new turn, or NULL with ZKCOORD_STATUS_OK when the key
 * is absent.
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
 * As zkcoord_miss_guard_forget(), but does not wait.
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
 * As zkcoord_load_turn_found(), but does not wait. The turn is over when this returns ZKCOORD_STATUS_OK.
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
 * As zkcoord_load_turn_missed(), but does not wait. The turn is over when this returns ZKCOORD_STATUS_OK.
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
