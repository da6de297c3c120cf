/**
 * @file zkcoord/locks.hpp
 * The locks: mutex, reentrant mutex, read/write lock, several mutexes as one, semaphore. Include zkcoord.hpp instead.
 */
#ifndef ZKCOORD_LOCKS_HPP
#define ZKCOORD_LOCKS_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "async.hpp"
#include "base.hpp"
#include "guard.hpp"
#include "lock_base.hpp"
#include "stats.hpp"

namespace zkcoord {

/** A holder of a lock, or a client that waits for it, as Queue lists them. */
struct Contender {
    /** The path of its node, as Client::request_revoke() takes it. */
    std::string node;
    /** The text by which it identifies itself; see Options::identity(). */
    std::string identity;
    /** The session that it belongs to; 0 if its node is not ephemeral. */
    std::int64_t session_id;
    /** True if it holds the lock, false if it waits. */
    bool is_holder;
    /** True if it shares the lock with other readers. */
    bool is_reader;
    /** The library that wrote its node: "zkcoord", "curator", "kazoo", "go-zookeeper", "zookeeper-recipe" or "other". */
    std::string library;
    /** The time at which it queued, by the server's clock. */
    std::chrono::system_clock::time_point waiting_since;
};

/** The holders of a lock and the clients that wait for it. */
struct Queue {
    /** The contenders in order of arrival. */
    std::vector<Contender> contenders;
    /** Problems with the queue, in words to act on, such as libraries that share it and do not exclude each other. */
    std::vector<std::string> warnings;
};

/** The library whose node names a lock writes. All clients that share its path must be able to read them. */
enum class Scheme {
    /** Curator's, which go-zookeeper reads too. */
    curator,
    /** kazoo's. */
    kazoo,
};

/** Options of the locks: `MutexOptions().scheme(Scheme::kazoo)`. A Scheme converts to them. */
class MutexOptions : public detail::Settings<MutexOptions, zkcoord_mutex_options, zkcoord_mutex_options_free> {
public:
    MutexOptions() : Settings(zkcoord_mutex_options_new()) {}
    MutexOptions(Scheme scheme) : MutexOptions() { this->scheme(scheme); }

    /** Sets the library whose node names the lock writes. Default Scheme::curator. */
    MutexOptions &scheme(Scheme scheme) {
        return set(zkcoord_mutex_options_set_scheme, scheme == Scheme::kazoo ? "kazoo" : "curator");
    }

    /**
     * Sets how many times in a row the threads of this client may hand a Mutex to each other without any request, before
     * other clients get their turn. Default 0: strictly in the order of the server's queue. Guards that were handed over
     * share the token. For Mutex only: the functions of Client that make other locks throw Status::invalid_argument for more
     * than 0.
     */
    MutexOptions &handoff(std::int64_t max) { return set(zkcoord_mutex_options_set_handoff, max); }
};

namespace detail {

/** A queue, whose object in C is freed when its contents are copied. */
template <> struct FromC<Queue> {
    using Raw = zkcoord_queue *;
    static Queue make(Raw seen) {
        const std::unique_ptr<zkcoord_queue, void (*)(zkcoord_queue *)> owned(seen, zkcoord_queue_free);
        Queue queue;
        for (std::size_t i = 0; i < zkcoord_queue_count(seen); i++) {
            const std::chrono::milliseconds since(zkcoord_queue_waiting_since(seen, i));
            queue.contenders.push_back({zkcoord_queue_node(seen, i), zkcoord_queue_identity(seen, i),
                                        zkcoord_queue_session_id(seen, i), zkcoord_queue_is_holder(seen, i),
                                        zkcoord_queue_is_reader(seen, i), zkcoord_queue_library(seen, i),
                                        std::chrono::system_clock::time_point(since)});
        }
        for (std::size_t i = 0; i < zkcoord_queue_warning_count(seen); i++) {
            queue.warnings.emplace_back(zkcoord_queue_warning(seen, i));
        }
        return queue;
    }
};

/** A Lock whose queue can be read. */
template <class Functions> class InspectableLock : public Lock<Functions> {
public:
    /** Reads the queue: the holders of the lock and the clients that wait for it. */
    Queue inspect(Timeout timeout = {}) const { return this->template result<Queue>(Functions::inspect(), timeout); }

    /** Starts inspect(). */
    template <class Done> auto inspect_async(Timeout timeout, Done &&done) const {
        return this->template start<Queue>(std::forward<Done>(done), Functions::inspect_async(), timeout);
    }

protected:
    using Lock<Functions>::Lock;
};

/** The functions of zkcoord.h for a Mutex. Not constants: on Windows an imported function has no constant address. */
struct MutexFunctions {
    using Handle = AsyncHandle<zkcoord_mutex, zkcoord_mutex_free>;
    static constexpr bool is_reentrant = false;
    static auto acquire() { return zkcoord_mutex_acquire; }
    static auto acquire_async() { return zkcoord_mutex_acquire_async; }
    static auto try_acquire() { return zkcoord_mutex_try_acquire; }
    static auto try_acquire_async() { return zkcoord_mutex_try_acquire_async; }
    static auto inspect() { return zkcoord_mutex_inspect; }
    static auto inspect_async() { return zkcoord_mutex_inspect_async; }
    static auto stats() { return zkcoord_mutex_stats; }
};

/** The functions of zkcoord.h for a ReentrantMutex. */
struct ReentrantMutexFunctions {
    using Handle = AsyncHandle<zkcoord_reentrant_mutex, zkcoord_reentrant_mutex_free>;
    static constexpr bool is_reentrant = true;
    static auto acquire() { return zkcoord_reentrant_mutex_acquire; }
    static auto acquire_async() { return zkcoord_reentrant_mutex_acquire_async; }
    static auto try_acquire() { return zkcoord_reentrant_mutex_try_acquire; }
    static auto try_acquire_async() { return zkcoord_reentrant_mutex_try_acquire_async; }
    static auto inspect() { return zkcoord_reentrant_mutex_inspect; }
    static auto inspect_async() { return zkcoord_reentrant_mutex_inspect_async; }
    static auto stats() { return zkcoord_reentrant_mutex_stats; }
};

/** The functions of zkcoord.h for a MultiMutex. */
struct MultiMutexFunctions {
    using Handle = AsyncHandle<zkcoord_multi_mutex, zkcoord_multi_mutex_free>;
    static constexpr bool is_reentrant = false;
    static auto acquire() { return zkcoord_multi_mutex_acquire; }
    static auto acquire_async() { return zkcoord_multi_mutex_acquire_async; }
    static auto try_acquire() { return zkcoord_multi_mutex_try_acquire; }
    static auto try_acquire_async() { return zkcoord_multi_mutex_try_acquire_async; }
    static auto stats() { return zkcoord_multi_mutex_stats; }
};

}  // namespace detail

/**
 * A mutual exclusion lock: at most one holder among all clients of the ensemble, granted in order of arrival. Its members
 * are those of detail::InspectableLock and detail::Lock:
 *
 *     Guard acquire(Timeout timeout = {});                        // waits until the lock is held
 *     Guard acquire(std::stop_token stop, Timeout timeout = {});  // C++20
 *     std::optional<Guard> try_acquire();                         // acquires the lock if it is free
 *     Queue inspect(Timeout timeout = {}) const;                  // reads its queue
 *     WaitStats stats() const;                                    // how long waits took
 *     auto acquire_async(Timeout timeout, Done &&done);           // also try_acquire_async(done), inspect_async(timeout, done)
 *     void lock();                                                // and the other members of a TimedLockable
 *     Guard *locked() noexcept;                                   // the guard of this thread's latest lock()
 */
class Mutex : public detail::InspectableLock<detail::MutexFunctions> {
private:
    using InspectableLock::InspectableLock;
};

/**
 * A mutual exclusion lock that its owner may acquire several times. Its members are those of a Mutex; it is a TimedLockable
 * as std::recursive_timed_mutex is.
 *
 * The owner is the thread that calls acquire(). While it holds the lock, it acquires it again at once, without any request,
 * and the guards share one token. The lock is released with the last of them.
 */
class ReentrantMutex : public detail::InspectableLock<detail::ReentrantMutexFunctions> {
private:
    using InspectableLock::InspectableLock;
};

/**
 * Several mutexes that are acquired as one: all or none. Its members are those of a Mutex without inspect().
 *
 * Its guard holds all of them, and is lost when one of them is lost. Its token is that of the first path in sorted order,
 * and fences what belongs to that path; Guard::tokens() has all. As a TimedLockable it is faster than a std::scoped_lock of
 * several mutexes.
 */
class MultiMutex : public detail::Lock<detail::MultiMutexFunctions> {
private:
    using Lock::Lock;
};

/**
 * A read/write lock: any number of readers, or one writer, granted in order of arrival. It is a SharedTimedLockable, as
 * std::shared_timed_mutex is.
 *
 * The thread that acquires a side owns it, and acquires it again at once. While it holds the write side, it may also acquire
 * the read side and then release the write side: no other client writes in between. While it holds only the read side,
 * acquiring the write side throws Status::would_deadlock.
 */
class RwLock : public detail::Handle<zkcoord_rw_lock, zkcoord_rw_lock_free> {
public:
    /** Returns the side that any number of owners may hold at the same time. It lives as long as the lock. */
    Mutex &read() noexcept { return read_; }

    /** Returns the side that one owner holds alone. It lives as long as the lock. */
    Mutex &write() noexcept { return write_; }

    /** Locks the write side, for std::unique_lock{lock}. See detail::Lock. */
    void lock() { write_.lock(); }
    bool try_lock() { return write_.try_lock(); }
    template <class Duration> bool try_lock_for(const Duration &duration) { return write_.try_lock_for(duration); }
    template <class Time> bool try_lock_until(const Time &until) { return write_.try_lock_until(until); }
    void unlock() { write_.unlock(); }

    /** Locks the read side, for std::shared_lock{lock}. See detail::Lock. */
    void lock_shared() { read_.lock(); }
    bool try_lock_shared() { return read_.try_lock(); }
    template <class Duration> bool try_lock_shared_for(const Duration &duration) {
        return read_.try_lock_for(duration);
    }
    template <class Time> bool try_lock_shared_until(const Time &until) { return read_.try_lock_until(until); }
    void unlock_shared() { read_.unlock(); }

private:
    friend struct detail::Factory;
    explicit RwLock(zkcoord_rw_lock *lock)
        : Handle(lock), read_(result<Mutex>(zkcoord_rw_lock_read)), write_(result<Mutex>(zkcoord_rw_lock_write)) {}

    Mutex read_, write_;
};

/** A number of permits that all clients share, granted in order of arrival. */
class Semaphore : public detail::AsyncHandle<zkcoord_semaphore, zkcoord_semaphore_free> {
public:
    /**
     * Waits until `permits` permits are granted together. Throws Status::timeout if the timeout passes first, and
     * Status::invalid_argument for less than 1, more than 500, and more than the semaphore has.
     */
    Guard acquire(std::int64_t permits = 1, Timeout timeout = {}) {
        return result<Guard>(zkcoord_semaphore_acquire, permits, timeout);
    }

    /** Acquires `permits` permits if they are free and no other contender waits. */
    std::optional<Guard> try_acquire(std::int64_t permits = 1) {
        return result<std::optional<Guard>>(zkcoord_semaphore_try_acquire, permits);
    }

    /** Starts acquire(). */
    template <class Done> auto acquire_async(std::int64_t permits, Timeout timeout, Done &&done) {
        return start<Guard>(std::forward<Done>(done), zkcoord_semaphore_acquire_async, permits, timeout);
    }

    /** Starts try_acquire(). */
    template <class Done> auto try_acquire_async(std::int64_t permits, Done &&done) {
        return start<std::optional<Guard>>(std::forward<Done>(done), zkcoord_semaphore_try_acquire_async, permits);
    }

#if defined(__cpp_lib_jthread)
    /** Waits as acquire() does. Throws Status::cancelled if the token is asked to stop first. */
    Guard acquire(std::stop_token stop, std::int64_t permits = 1, Timeout timeout = {}) {
        return detail::wait_or_stop<Guard>(stop,
                                           [&](auto done) { return acquire_async(permits, timeout, std::move(done)); });
    }
#endif

    /** Returns the times that acquire() took so far, and for which permits were held. Costs no round trip. */
    WaitStats stats() const { return result<WaitStats>(zkcoord_semaphore_stats); }

private:
    using AsyncHandle::AsyncHandle;
};

}  // namespace zkcoord

#endif  // ZKCOORD_LOCKS_HPP
