/**
 * @file zkcoord/locks.hpp
 * The locks: mutex, reentrant mutex, read/write lock, several mutexes as one, semaphore. Include zkcoord.hpp.
 */
#ifndef ZKCOORD_LOCKS_HPP
#define ZKCOORD_LOCKS_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "async.hpp"
#include "base.hpp"
#include "guard.hpp"
#include "stats.hpp"

namespace zkcoord {

/** One who stands in a lock's queue. */
struct Contender {
    /** The path of its node, as for Client::request_revoke(). */
    std::string node;
    /** The text by which it wants to be seen; see Options::identity(). */
    std::string identity;
    /** The session that it belongs to; 0 when its node is not ephemeral. */
    std::int64_t session_id;
    /** Whether it holds the lock; otherwise it waits. */
    bool is_holder;
    /** Whether it is content with others that read. */
    bool is_reader;
    /** Which library wrote its node: "zkcoord", "curator", "kazoo", "go-zookeeper", "zookeeper-recipe" or "other". */
    std::string library;
    /** When it queued, by the server's clock. */
    std::chrono::system_clock::time_point waiting_since;
};

/** Who holds a lock and who waits for it. */
struct Queue {
    /** First come first. */
    std::vector<Contender> contenders;
    /** What is wrong with the queue, in words to act on, as when libraries share it that do not exclude each other. */
    std::vector<std::string> warnings;
};

/** Whose node names a lock writes. Everyone who shares its path must be able to read them. */
enum class Scheme {
    /** Curator's, which go-zookeeper reads too. */
    curator,
    kazoo,
};

/** What a lock is made with: `MutexOptions().scheme(Scheme::kazoo)`. A Scheme alone will do as well. */
class MutexOptions : public detail::Settings<MutexOptions, zkcoord_mutex_options, zkcoord_mutex_options_free> {
public:
    MutexOptions() : Settings(zkcoord_mutex_options_new()) {}
    MutexOptions(Scheme scheme) : MutexOptions() { this->scheme(scheme); }

    /** Whose node names the lock writes. Default Scheme::curator. */
    MutexOptions &scheme(Scheme scheme) {
        return set(zkcoord_mutex_options_set_scheme, scheme == Scheme::kazoo ? "kazoo" : "curator");
    }

    /**
     * How often in a row the threads of this client may hand a Mutex to each other without any request; then it is the others'
     * turn. Default 0, in the order of the server's queue. Guards handed over share the token. Not for other locks.
     */
    MutexOptions &handoff(std::int64_t most) { return set(zkcoord_mutex_options_set_handoff, most); }
};

namespace detail {

/** What C tells of a queue, which this frees. */
inline Queue queue_of(zkcoord_queue *seen) {
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

/** Who holds a lock and who waits for it. */
template <class Lock, class Function> Queue inspect(Function function, const Lock *lock, Timeout timeout) {
    return queue_of(result<zkcoord_queue *>(function, lock, timeout.milliseconds()));
}

template <class Lock, class Function, class Done>
auto inspect_async(Function function, const Lock *lock, Timeout timeout, Done &&done) {
    return Completion<zkcoord_queue *>::begin(std::forward<Done>(done), queue_of, function, lock, timeout.milliseconds());
}

/** The guards of lock(), by thread: a lock that was lost may be held by the next one while its owner still is at it. */
class GuardsByThread {
public:
    /** What this thread has locked last; nullptr when it has locked nothing. */
    Guard *mine() {
        const std::lock_guard lock(mutex_);
        const auto last = last_of_mine();
        return last == guards_.end() ? nullptr : &last->second;
    }

    void put(Guard guard) {
        const std::lock_guard lock(mutex_);
        guards_.emplace(std::this_thread::get_id(), std::move(guard));
    }

    /** Says whether there was one. */
    bool drop_mine() {
        const std::lock_guard lock(mutex_);
        const auto last = last_of_mine();
        if (last == guards_.end()) return false;
        guards_.erase(last);
        return true;
    }

private:
    using Guards = std::multimap<std::thread::id, Guard>;

    Guards::iterator last_of_mine() {
        const auto [first, end] = guards_.equal_range(std::this_thread::get_id());
        return first == end ? guards_.end() : std::prev(end);
    }

    std::mutex mutex_;
    Guards guards_;
};

/**
 * What makes std::lock() and std::scoped_lock get on. They take one lock, try the others, and when one is refused let go of
 * all and wait for that one. As zkcoord's locks are had in order of arrival, two threads that want the same locks in opposite
 * order would swap them like this for ever. So a thread that is refused a lock while it holds another one steps back for a
 * moment, of random length, before it waits for what it was refused.
 */
class Courtesy {
public:
    static Courtesy &of_this_thread() {
        static thread_local Courtesy courtesy;
        return courtesy;
    }

    void took() noexcept { held_++; }
    void gave_back() noexcept { held_--; }

    void refused(const void *lock) noexcept {
        if (held_ > 0) refused_ = lock;
    }

    void before_waiting_for(const void *lock) {
        if (std::exchange(refused_, nullptr) != lock) return;
        std::uniform_int_distribution<int> up_to_20_ms(0, 20'000);
        std::this_thread::sleep_for(std::chrono::microseconds(up_to_20_ms(random_)));
    }

private:
    int held_ = 0;
    const void *refused_ = nullptr;
    std::minstd_rand random_{std::random_device{}()};
};

/** Makes a TimedLockable of a lock with acquire() and try_acquire(). A thread can lock it `Again` or not. */
template <class Lock, bool Again> class TimedLockable {
public:
    /** Throws Status::would_deadlock when this thread has locked it already and cannot do so again. */
    void lock() {
        if (is_in_the_way()) throw Error(Status::would_deadlock, "this thread has locked the mutex already");
        Courtesy::of_this_thread().before_waiting_for(guards_.get());
        put(self().acquire());
    }

    bool try_lock() {
        const bool locked = !is_in_the_way() && put(self().try_acquire());
        if (!locked) Courtesy::of_this_thread().refused(guards_.get());
        return locked;
    }

    template <class Rep, class Period> bool try_lock_for(const std::chrono::duration<Rep, Period> &duration) {
        return !is_in_the_way() && put(unless_timeout([&] { return self().acquire(duration); }));
    }

    template <class Clock, class Duration> bool try_lock_until(const std::chrono::time_point<Clock, Duration> &until) {
        return try_lock_for(until - Clock::now());
    }

    /** Gives back, in the background, what this thread has locked last. */
    void unlock() {
        if (guards_->drop_mine()) Courtesy::of_this_thread().gave_back();
    }

    /** The guard behind this thread's last lock(), to see its token or whether it is lost; nullptr when it has none. */
    Guard *locked() noexcept { return guards_->mine(); }

private:
    Lock &self() { return static_cast<Lock &>(*this); }

    bool is_in_the_way() { return !Again && guards_->mine(); }

    bool put(std::optional<Guard> guard) {
        if (!guard) return false;
        guards_->put(std::move(*guard));
        Courtesy::of_this_thread().took();
        return true;
    }

    std::unique_ptr<GuardsByThread> guards_ = std::make_unique<GuardsByThread>();
};

}  // namespace detail

/**
 * A mutual exclusion lock: at most one holder among all clients of the ensemble, served in order of arrival.
 *
 * It can be used in two ways. acquire() gives a Guard, which is nobody's: any thread may release it. And lock() and its like
 * make it a TimedLockable, for std::unique_lock, std::scoped_lock and so on; the same thread must unlock it.
 */
class Mutex : public detail::Handle<zkcoord_mutex, zkcoord_mutex_free>, public detail::TimedLockable<Mutex, false> {
public:
    /**
     * Waits until the lock is held. Throws Status::timeout when the timeout passes first, and Status::would_deadlock when
     * this thread would wait for what it holds as a ReentrantMutex or RwLock of the same client.
     */
    Guard acquire(Timeout timeout = {}) {
        return Guard(detail::result<zkcoord_guard *>(zkcoord_mutex_acquire, capi(), timeout.milliseconds()));
    }

    /** Takes the lock if it is free. */
    std::optional<Guard> try_acquire() {
        return Guard::if_any(detail::result<zkcoord_guard *>(zkcoord_mutex_try_acquire, capi()));
    }

    /** Looks who holds the lock and who waits for it. */
    Queue inspect(Timeout timeout = {}) const { return detail::inspect(zkcoord_mutex_inspect, capi(), timeout); }

    template <class Done> auto acquire_async(Timeout timeout, Done &&done) {
        return Guard::begin(std::forward<Done>(done), zkcoord_mutex_acquire_async, capi(), timeout.milliseconds());
    }

    template <class Done> auto try_acquire_async(Done &&done) {
        return Guard::begin_try(std::forward<Done>(done), zkcoord_mutex_try_acquire_async, capi());
    }

    template <class Done> auto inspect_async(Timeout timeout, Done &&done) const {
        return detail::inspect_async(zkcoord_mutex_inspect_async, capi(), timeout, std::forward<Done>(done));
    }

#if defined(__cpp_lib_jthread)
    /** As acquire(), until the token is asked to stop: throws Status::cancelled then. */
    Guard acquire(std::stop_token stop, Timeout timeout = {}) {
        return detail::wait_or_stop<Guard>(stop, [&](auto done) { return acquire_async(timeout, std::move(done)); });
    }
#endif

    /** How long acquire() and the like took so far, and how long the lock was held. Costs no round trip. */
    WaitStats stats() const { return WaitStats(detail::result<zkcoord_stats *>(zkcoord_mutex_stats, capi())); }

private:
    friend class Client;
    friend class RwLock;
    using Handle::Handle;
};

/**
 * A mutual exclusion lock that its owner may take several times. The owner is the thread that calls acquire(): once it has
 * the lock it gets it again at once, and the guards share one token. The lock is given back with the last of them. It is a
 * TimedLockable too, as std::recursive_timed_mutex is.
 */
class ReentrantMutex : public detail::Handle<zkcoord_reentrant_mutex, zkcoord_reentrant_mutex_free>,
                       public detail::TimedLockable<ReentrantMutex, true> {
public:
    /** Waits until this thread holds the lock; at once when it does already. Otherwise as Mutex::acquire(). */
    Guard acquire(Timeout timeout = {}) {
        return Guard(detail::result<zkcoord_guard *>(zkcoord_reentrant_mutex_acquire, capi(), timeout.milliseconds()));
    }

    /** Takes the lock if it is free, or this thread holds it. */
    std::optional<Guard> try_acquire() {
        return Guard::if_any(detail::result<zkcoord_guard *>(zkcoord_reentrant_mutex_try_acquire, capi()));
    }

    /** Looks who holds the lock and who waits for it. */
    Queue inspect(Timeout timeout = {}) const {
        return detail::inspect(zkcoord_reentrant_mutex_inspect, capi(), timeout);
    }

    template <class Done> auto acquire_async(Timeout timeout, Done &&done) {
        return Guard::begin(std::forward<Done>(done), zkcoord_reentrant_mutex_acquire_async, capi(), timeout.milliseconds());
    }

    template <class Done> auto try_acquire_async(Done &&done) {
        return Guard::begin_try(std::forward<Done>(done), zkcoord_reentrant_mutex_try_acquire_async, capi());
    }

    template <class Done> auto inspect_async(Timeout timeout, Done &&done) const {
        return detail::inspect_async(zkcoord_reentrant_mutex_inspect_async, capi(), timeout, std::forward<Done>(done));
    }

#if defined(__cpp_lib_jthread)
    /** As acquire(), until the token is asked to stop: throws Status::cancelled then. */
    Guard acquire(std::stop_token stop, Timeout timeout = {}) {
        return detail::wait_or_stop<Guard>(stop, [&](auto done) { return acquire_async(timeout, std::move(done)); });
    }
#endif

    WaitStats stats() const {
        return WaitStats(detail::result<zkcoord_stats *>(zkcoord_reentrant_mutex_stats, capi()));
    }

private:
    friend class Client;
    using Handle::Handle;
};

/**
 * A read/write lock: any number of readers, or one writer, served in order of arrival.
 *
 * The thread that takes a side owns it. While it writes it can take the read side too, and then give back the write side:
 * nobody writes in between. While it only reads, to take the write side throws Status::would_deadlock. A side that it
 * holds it gets again at once, through acquire(). It is a SharedTimedLockable, as std::shared_timed_mutex is.
 */
class RwLock : public detail::Handle<zkcoord_rw_lock, zkcoord_rw_lock_free> {
public:
    /** The side that any number may hold at once. Lives as long as the lock. */
    Mutex &read() noexcept { return read_; }

    /** The side that one holds alone. Lives as long as the lock. */
    Mutex &write() noexcept { return write_; }

    /** The write side's, for std::unique_lock{lock}. */
    void lock() { write_.lock(); }
    bool try_lock() { return write_.try_lock(); }
    template <class Duration> bool try_lock_for(const Duration &duration) { return write_.try_lock_for(duration); }
    template <class Time> bool try_lock_until(const Time &until) { return write_.try_lock_until(until); }
    void unlock() { write_.unlock(); }

    /** The read side's, for std::shared_lock{lock}. */
    void lock_shared() { read_.lock(); }
    bool try_lock_shared() { return read_.try_lock(); }
    template <class Duration> bool try_lock_shared_for(const Duration &duration) { return read_.try_lock_for(duration); }
    template <class Time> bool try_lock_shared_until(const Time &until) { return read_.try_lock_until(until); }
    void unlock_shared() { read_.unlock(); }

private:
    friend class Client;
    explicit RwLock(zkcoord_rw_lock *lock)
        : Handle(lock), read_(detail::result<zkcoord_mutex *>(zkcoord_rw_lock_read, capi())),
          write_(detail::result<zkcoord_mutex *>(zkcoord_rw_lock_write, capi())) {}

    Mutex read_, write_;
};

/**
 * Several mutexes taken as one: all or none. Its guard holds all of them, and is lost when one of them is. Its token
 * is that of the first path in sorted order, and fences what belongs to that path. It is a TimedLockable too, and faster than
 * a std::scoped_lock of several mutexes.
 */
class MultiMutex : public detail::Handle<zkcoord_multi_mutex, zkcoord_multi_mutex_free>,
                   public detail::TimedLockable<MultiMutex, false> {
public:
    /** Waits until all the locks are held. Throws Status::timeout when the timeout passes first. */
    Guard acquire(Timeout timeout = {}) {
        return Guard(detail::result<zkcoord_guard *>(zkcoord_multi_mutex_acquire, capi(), timeout.milliseconds()));
    }

    /** Takes all the locks if all are free. */
    std::optional<Guard> try_acquire() {
        return Guard::if_any(detail::result<zkcoord_guard *>(zkcoord_multi_mutex_try_acquire, capi()));
    }

    template <class Done> auto acquire_async(Timeout timeout, Done &&done) {
        return Guard::begin(std::forward<Done>(done), zkcoord_multi_mutex_acquire_async, capi(), timeout.milliseconds());
    }

    template <class Done> auto try_acquire_async(Done &&done) {
        return Guard::begin_try(std::forward<Done>(done), zkcoord_multi_mutex_try_acquire_async, capi());
    }

#if defined(__cpp_lib_jthread)
    /** As acquire(), until the token is asked to stop: throws Status::cancelled then. */
    Guard acquire(std::stop_token stop, Timeout timeout = {}) {
        return detail::wait_or_stop<Guard>(stop, [&](auto done) { return acquire_async(timeout, std::move(done)); });
    }
#endif

    WaitStats stats() const { return WaitStats(detail::result<zkcoord_stats *>(zkcoord_multi_mutex_stats, capi())); }

private:
    friend class Client;
    using Handle::Handle;
};

/** So many permits, shared by all clients, had in order of arrival. */
class Semaphore : public detail::Handle<zkcoord_semaphore, zkcoord_semaphore_free> {
public:
    /** Waits for so many permits, all at once. Throws Status::timeout when the timeout passes first. */
    Guard acquire(std::int64_t permits = 1, Timeout timeout = {}) {
        return Guard(
            detail::result<zkcoord_guard *>(zkcoord_semaphore_acquire, capi(), permits, timeout.milliseconds()));
    }

    /** Takes so many permits if they are free and nobody waits. */
    std::optional<Guard> try_acquire(std::int64_t permits = 1) {
        return Guard::if_any(detail::result<zkcoord_guard *>(zkcoord_semaphore_try_acquire, capi(), permits));
    }

    template <class Done> auto acquire_async(std::int64_t permits, Timeout timeout, Done &&done) {
        return Guard::begin(std::forward<Done>(done), zkcoord_semaphore_acquire_async, capi(), permits,
                            timeout.milliseconds());
    }

    template <class Done> auto try_acquire_async(std::int64_t permits, Done &&done) {
        return Guard::begin_try(std::forward<Done>(done), zkcoord_semaphore_try_acquire_async, capi(), permits);
    }

#if defined(__cpp_lib_jthread)
    /** As acquire(), until the token is asked to stop: throws Status::cancelled then. */
    Guard acquire(std::stop_token stop, std::int64_t permits = 1, Timeout timeout = {}) {
        return detail::wait_or_stop<Guard>(
            stop, [&](auto done) { return acquire_async(permits, timeout, std::move(done)); });
    }
#endif

    WaitStats stats() const { return WaitStats(detail::result<zkcoord_stats *>(zkcoord_semaphore_stats, capi())); }

private:
    friend class Client;
    using Handle::Handle;
};

}  // namespace zkcoord

#endif  // ZKCOORD_LOCKS_HPP
