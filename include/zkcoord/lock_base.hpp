/**
 * @file zkcoord/lock_base.hpp
 * The members that the locks share. Include zkcoord.hpp instead.
 */
#ifndef ZKCOORD_LOCK_BASE_HPP
#define ZKCOORD_LOCK_BASE_HPP

#include <chrono>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <thread>
#include <utility>

#include "async.hpp"
#include "base.hpp"
#include "guard.hpp"
#include "stats.hpp"

namespace zkcoord {

namespace detail {

/**
 * The guards of one lock that threads hold by lock(). By thread, because after a loss the next thread may already hold the
 * lock while the one that lost it is still working.
 */
class GuardsByThread {
public:
    /** Returns the guard that this thread has added last; nullptr if it has none. */
    Guard *latest() {
        const std::lock_guard lock(mutex_);
        const auto found = find_latest();
        return found == guards_.end() ? nullptr : &found->second;
    }

    /** Adds a guard of this thread. */
    void add(Guard guard) {
        const std::lock_guard lock(mutex_);
        guards_.emplace(std::this_thread::get_id(), std::move(guard));
    }

    /** Destroys the guard that this thread has added last, and returns whether there was one. */
    bool remove_latest() {
        const std::lock_guard lock(mutex_);
        const auto found = find_latest();
        if (found == guards_.end()) return false;
        guards_.erase(found);
        return true;
    }

private:
    using Guards = std::multimap<std::thread::id, Guard>;

    Guards::iterator find_latest() {
        const auto [first, end] = guards_.equal_range(std::this_thread::get_id());
        return first == end ? guards_.end() : std::prev(end);
    }

    std::mutex mutex_;
    Guards guards_;
};

/**
 * Prevents a livelock of std::lock() and std::scoped_lock, one object for each thread. Those wait for one lock and try the
 * others; if one is refused, they release all and wait for that one. Because locks are granted in order of arrival, two
 * threads that want the same locks in opposite order could swap them like this forever. Therefore a thread that was refused
 * a lock while it held another one sleeps for a short random time before it waits for the refused one.
 */
class LockBackoff {
public:
    static LockBackoff &of_this_thread() {
        static thread_local LockBackoff backoff;
        return backoff;
    }

    void lock_acquired() noexcept { held_++; }
    void lock_released() noexcept { held_--; }

    void lock_refused(const void *lock) noexcept {
        if (held_ > 0) refused_ = lock;
    }

    /** Sleeps if `lock` is the one that was refused last. */
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

/**
 * The members of a Mutex, ReentrantMutex and MultiMutex. It can be used in two ways. acquire() and its variants return a
 * Guard, which any thread may release. lock() and its variants make it a TimedLockable, for std::unique_lock,
 * std::scoped_lock and so on; the thread that has locked it must unlock it.
 *
 * `Functions` has the Handle of the lock, returns the functions of zkcoord.h that it calls, and tells whether the thread
 * that holds it may acquire it again.
 */
template <class Functions> class Lock : public Functions::Handle {
public:
    /**
     * Waits until the lock is held. Throws Status::timeout if the timeout passes first: then nothing is held. Throws
     * Status::would_deadlock if this thread would wait for a lock that it holds itself as a ReentrantMutex or RwLock of the
     * same client.
     */
    Guard acquire(Timeout timeout = {}) { return this->template result<Guard>(Functions::acquire(), timeout); }

    /** Acquires the lock if it is free, without waiting for its holder. Throws Status::connection_lost if not connected. */
    std::optional<Guard> try_acquire() { return this->template result<std::optional<Guard>>(Functions::try_acquire()); }

    /** Starts acquire(). */
    template <class Done> auto acquire_async(Timeout timeout, Done &&done) {
        return this->template start<Guard>(std::forward<Done>(done), Functions::acquire_async(), timeout);
    }

    /** Starts try_acquire(). */
    template <class Done> auto try_acquire_async(Done &&done) {
        return this->template start<std::optional<Guard>>(std::forward<Done>(done), Functions::try_acquire_async());
    }

#if defined(__cpp_lib_jthread)
    /** Waits as acquire() does. Throws Status::cancelled if the token is asked to stop first. */
    Guard acquire(std::stop_token stop, Timeout timeout = {}) {
        return wait_or_stop<Guard>(stop, [&](auto done) { return acquire_async(timeout, std::move(done)); });
    }
#endif

    /** Returns the times that acquire() took so far, and for which the lock was held. Costs no round trip. */
    WaitStats stats() const { return this->template result<WaitStats>(Functions::stats()); }

    /**
     * Acquires the lock for this thread. Throws Status::would_deadlock if this thread has locked it and may not do so again.
     */
    void lock() {
        if (would_deadlock_itself()) {
            throw Error(Status::would_deadlock,
                        "already locked by this thread; only a ReentrantMutex can be locked again");
        }
        LockBackoff::of_this_thread().before_waiting_for(guards_.get());
        keep(acquire());
    }

    /** Acquires the lock for this thread if it is free, and returns whether it was. */
    bool try_lock() {
        const bool locked = !would_deadlock_itself() && keep(try_acquire());
        if (!locked) LockBackoff::of_this_thread().lock_refused(guards_.get());
        return locked;
    }

    /** Acquires the lock for this thread, and returns false if the duration passes first. */
    template <class Rep, class Period> bool try_lock_for(const std::chrono::duration<Rep, Period> &duration) {
        return !would_deadlock_itself() && keep(unless_timeout([&] { return acquire(duration); }));
    }

    /** Acquires the lock for this thread, and returns false if the point in time passes first. */
    template <class Clock, class Duration> bool try_lock_until(const std::chrono::time_point<Clock, Duration> &until) {
        return try_lock_for(until - Clock::now());
    }

    /** Releases, in the background, the lock that this thread has locked last. */
    void unlock() {
        if (guards_->remove_latest()) LockBackoff::of_this_thread().lock_released();
    }

    /**
     * Returns the guard of this thread's latest lock(), for its token and whether it is lost; nullptr if this thread has not
     * locked. It lives until unlock().
     */
    Guard *locked() noexcept { return guards_->latest(); }

protected:
    using Base = typename Functions::Handle;
    using Base::Base;

private:
    /** Returns whether this thread holds a lock that it may not acquire again. */
    bool would_deadlock_itself() { return !Functions::is_reentrant && guards_->latest(); }

    /** Keeps the guard until unlock(), and returns whether there is one. */
    bool keep(std::optional<Guard> guard) {
        if (!guard) return false;
        guards_->add(std::move(*guard));
        LockBackoff::of_this_thread().lock_acquired();
        return true;
    }

    std::unique_ptr<GuardsByThread> guards_ = std::make_unique<GuardsByThread>();
};

}  // namespace detail

}  // namespace zkcoord

#endif  // ZKCOORD_LOCK_BASE_HPP
