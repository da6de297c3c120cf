/**
 * @file zkcoord/limits.hpp
 * The rate limiter and the miss guard. Include zkcoord.hpp instead.
 */
#ifndef ZKCOORD_LIMITS_HPP
#define ZKCOORD_LIMITS_HPP

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "async.hpp"
#include "base.hpp"
#include "stats.hpp"

namespace zkcoord {

namespace detail {

/** Options of Client::rate_limiter(), which takes them as arguments. */
class RateLimiterOptions
    : public Settings<RateLimiterOptions, zkcoord_rate_limiter_options, zkcoord_rate_limiter_options_free> {
public:
    explicit RateLimiterOptions(std::optional<std::int64_t> burst) : Settings(zkcoord_rate_limiter_options_new()) {
        if (burst) set(zkcoord_rate_limiter_options_set_burst, *burst);
    }
};

}  // namespace detail

/**
 * Grants a number of permits per period to all clients together: never more in any stretch of time as long as the period,
 * wherever that begins. A permit is used up when it is granted; it is not released.
 */
class RateLimiter : public detail::AsyncHandle<zkcoord_rate_limiter, zkcoord_rate_limiter_free> {
public:
    /**
     * Waits until `permits` permits are granted together. Throws Status::timeout as soon as it is known that they cannot be
     * granted in time, and Status::invalid_argument for more permits than may be used at once.
     */
    void acquire(std::int64_t permits = 1, Timeout timeout = {}) {
        call(zkcoord_rate_limiter_acquire, permits, timeout);
    }

    /** Acquires `permits` permits if they are free now, and returns whether they were. */
    [[nodiscard]] bool try_acquire(std::int64_t permits = 1) {
        return result<bool>(zkcoord_rate_limiter_try_acquire, permits);
    }

    /** Starts acquire(). */
    template <class Done> auto acquire_async(std::int64_t permits, Timeout timeout, Done &&done) {
        return start<void>(std::forward<Done>(done), zkcoord_rate_limiter_acquire_async, permits, timeout);
    }

    /** Starts try_acquire(). */
    template <class Done> auto try_acquire_async(std::int64_t permits, Done &&done) {
        return start<bool>(std::forward<Done>(done), zkcoord_rate_limiter_try_acquire_async, permits);
    }

#if defined(__cpp_lib_jthread)
    /** Waits as acquire() does. Throws Status::cancelled if the token is asked to stop first. */
    void acquire(std::stop_token stop, std::int64_t permits = 1, Timeout timeout = {}) {
        detail::wait_or_stop<void>(stop, [&](auto done) { return acquire_async(permits, timeout, std::move(done)); });
    }
#endif

    /** Returns the times that acquire() took so far. Costs no round trip. */
    WaitStats stats() const { return result<WaitStats>(zkcoord_rate_limiter_stats); }

private:
    using AsyncHandle::AsyncHandle;
};

/** Options of Client::miss_guard(): `MissGuardOptions().threshold(3).hold(30s)`. */
class MissGuardOptions
    : public detail::Settings<MissGuardOptions, zkcoord_miss_guard_options, zkcoord_miss_guard_options_free> {
public:
    MissGuardOptions() : Settings(zkcoord_miss_guard_options_new()) {}

    /** Sets how many misses within the window make a key absent, from 1 to 1000. Default 3. */
    MissGuardOptions &threshold(std::int64_t misses) { return set(zkcoord_miss_guard_options_set_threshold, misses); }

    /** Sets the time in which misses count together, from 1 ms to 24 h. Default 60 s. */
    MissGuardOptions &window(std::chrono::milliseconds window) {
        return set(zkcoord_miss_guard_options_set_window, window);
    }

    /** Sets how long an absent key is answered without a load, from 1 ms to 24 h. Default 30 s. */
    MissGuardOptions &hold(std::chrono::milliseconds hold) { return set(zkcoord_miss_guard_options_set_hold, hold); }
};

/**
 * The caller's turn to load a key: no other caller loads it meanwhile. It ends with a verdict, found() or missed(). A load
 * that failed has no verdict: its turn ends when this is destroyed.
 */
class [[nodiscard]] LoadTurn : public detail::AsyncHandle<zkcoord_load_turn, zkcoord_load_turn_free> {
public:
    /** Returns whether it is certain that no other caller is loading the key at this moment. Costs no round trip. */
    bool is_held() const noexcept { return zkcoord_load_turn_is_held(capi()); }

    /** Reports that the load found the key, which clears its misses. The turn is over, even if this throws. */
    void found(Timeout timeout = {}) { call(zkcoord_load_turn_found, timeout); }

    /**
     * Reports and records that the load did not find the key, and answers all callers that wait. The turn is over, even if
     * this throws.
     */
    void missed(Timeout timeout = {}) { call(zkcoord_load_turn_missed, timeout); }

    /** Starts found(). */
    template <class Done> auto found_async(Timeout timeout, Done &&done) {
        return start<void>(std::forward<Done>(done), zkcoord_load_turn_found_async, timeout);
    }

    /** Starts missed(). */
    template <class Done> auto missed_async(Timeout timeout, Done &&done) {
        return start<void>(std::forward<Done>(done), zkcoord_load_turn_missed_async, timeout);
    }

private:
    using AsyncHandle::AsyncHandle;
};

/**
 * Stops lookups of keys that do not exist, between a cache and the database behind it. If several callers, in any processes,
 * want the same key at the same time, one loads it while the others wait. A key that was missed several times within a
 * window is answered absent for a while, without a load. A key that has been created is found when that time, the hold, is
 * over, or at once after forget(). Keys are any bytes.
 */
class MissGuard : public detail::AsyncHandle<zkcoord_miss_guard, zkcoord_miss_guard_free> {
public:
    /**
     * Looks up a key with `loader`, unless the key is known to be absent. The loader is called at most once, as
     * `loader(key)` or `loader()`, and returns a std::optional; an empty one is a miss. An exception of the loader reaches
     * the caller, and counts neither as found nor as missed. The timeout applies to the wait for others that load the key,
     * and once more to the verdict.
     */
    template <class Loader> auto load(const std::string &key, Loader &&loader, Timeout timeout = {}) {
        const auto look_up = [&] {
            if constexpr (std::is_invocable_v<Loader &, const std::string &>) {
                return std::invoke(loader, key);
            } else {
                return std::invoke(loader);
            }
        };
        using Value = decltype(look_up());
        static_assert(is_optional<Value>::value, "the loader must return a std::optional");
        auto turn = begin(key, timeout);
        if (!turn) return Value();
        Value value = look_up();
        value ? turn->found(timeout) : turn->missed(timeout);
        return value;
    }

    /**
     * Asks for a key, and waits while others load it. Returns nothing if the key is absent, otherwise the turn in which the
     * caller is to load it. A caller that has a turn and asks for the same key again waits for itself.
     */
    [[nodiscard]] std::optional<LoadTurn> begin(const std::string &key, Timeout timeout = {}) {
        return result<std::optional<LoadTurn>>(zkcoord_miss_guard_begin, detail::bytes(key), key.size(), timeout);
    }

    /** Starts begin(). */
    template <class Done> auto begin_async(const std::string &key, Timeout timeout, Done &&done) {
        return start<std::optional<LoadTurn>>(std::forward<Done>(done), zkcoord_miss_guard_begin_async,
                                              detail::bytes(key), key.size(), timeout);
    }

#if defined(__cpp_lib_jthread)
    /** Waits as begin() does. Throws Status::cancelled if the token is asked to stop first. */
    [[nodiscard]] std::optional<LoadTurn> begin(std::stop_token stop, const std::string &key, Timeout timeout = {}) {
        return detail::wait_or_stop<std::optional<LoadTurn>>(
            stop, [&](auto done) { return begin_async(key, timeout, std::move(done)); });
    }
#endif

    /** Forgets the misses of a key because it exists now: the next caller loads it again. */
    void forget(const std::string &key, Timeout timeout = {}) {
        call(zkcoord_miss_guard_forget, detail::bytes(key), key.size(), timeout);
    }

    /** Starts forget(). */
    template <class Done> auto forget_async(const std::string &key, Timeout timeout, Done &&done) {
        return start<void>(std::forward<Done>(done), zkcoord_miss_guard_forget_async, detail::bytes(key), key.size(),
                           timeout);
    }

private:
    using AsyncHandle::AsyncHandle;

    template <class T> struct is_optional : std::false_type {};
    template <class T> struct is_optional<std::optional<T>> : std::true_type {};
};

}  // namespace zkcoord

#endif  // ZKCOORD_LIMITS_HPP
