/**
 * @file zkcoord/limits.hpp
 * What keeps work away: the rate limiter, the miss guard. Include zkcoord.hpp.
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

class RateLimiterOptions
    : public Settings<RateLimiterOptions, zkcoord_rate_limiter_options, zkcoord_rate_limiter_options_free> {
public:
    explicit RateLimiterOptions(std::optional<std::int64_t> burst) : Settings(zkcoord_rate_limiter_options_new()) {
        if (burst) set(zkcoord_rate_limiter_options_set_burst, *burst);
    }
};

}  // namespace detail

/**
 * So many permits per period for all clients together: never more are let through in any stretch of time as long as the
 * period, wherever that begins. Permits are used up when they are had: there is nothing to give back.
 */
class RateLimiter : public detail::Handle<zkcoord_rate_limiter, zkcoord_rate_limiter_free> {
public:
    /** Waits for so many permits, all at once. Throws Status::timeout as soon as it is known that they do not come in time. */
    void acquire(std::int64_t permits = 1, Timeout timeout = {}) {
        detail::call(zkcoord_rate_limiter_acquire, capi(), permits, timeout.milliseconds());
    }

    /** Takes so many permits if they are free now, and says whether they were. */
    [[nodiscard]] bool try_acquire(std::int64_t permits = 1) {
        return detail::result<bool>(zkcoord_rate_limiter_try_acquire, capi(), permits);
    }

    template <class Done> auto acquire_async(std::int64_t permits, Timeout timeout, Done &&done) {
        return detail::begin_same<>(std::forward<Done>(done), zkcoord_rate_limiter_acquire_async, capi(), permits,
                                    timeout.milliseconds());
    }

    template <class Done> auto try_acquire_async(std::int64_t permits, Done &&done) {
        return detail::begin_same<bool>(std::forward<Done>(done), zkcoord_rate_limiter_try_acquire_async, capi(), permits);
    }

#if defined(__cpp_lib_jthread)
    /** As acquire(), until the token is asked to stop: throws Status::cancelled then. */
    void acquire(std::stop_token stop, std::int64_t permits = 1, Timeout timeout = {}) {
        detail::wait_or_stop<void>(stop, [&](auto done) { return acquire_async(permits, timeout, std::move(done)); });
    }
#endif

    /** How long acquire() took so far. Costs no round trip. */
    WaitStats stats() const { return WaitStats(detail::result<zkcoord_stats *>(zkcoord_rate_limiter_stats, capi())); }

private:
    friend class Client;
    using Handle::Handle;
};

/** What a miss guard is made with: `MissGuardOptions().threshold(3).hold(30s)`. */
class MissGuardOptions
    : public detail::Settings<MissGuardOptions, zkcoord_miss_guard_options, zkcoord_miss_guard_options_free> {
public:
    MissGuardOptions() : Settings(zkcoord_miss_guard_options_new()) {}

    /** How many misses within the window make a key absent, from 1 to 1000. Default 3. */
    MissGuardOptions &threshold(std::int64_t misses) { return set(zkcoord_miss_guard_options_set_threshold, misses); }

    /** The time in which misses count together, from 1 ms to 24 h. Default 60 s. */
    MissGuardOptions &window(std::chrono::milliseconds window) {
        return set(zkcoord_miss_guard_options_set_window, std::int64_t(window.count()));
    }

    /** How long a key is then answered absent, from 1 ms to 24 h. Default 30 s. */
    MissGuardOptions &hold(std::chrono::milliseconds hold) {
        return set(zkcoord_miss_guard_options_set_hold, std::int64_t(hold.count()));
    }
};

/**
 * The caller's turn to load a key: nobody else loads it meanwhile. It ends with a verdict, found() or missed(), or without
 * one with the object, for a load that failed.
 */
class [[nodiscard]] LoadTurn : public detail::Handle<zkcoord_load_turn, zkcoord_load_turn_free> {
public:
    /** Whether nobody else can be loading the key at this moment. Costs no round trip. */
    bool is_held() const noexcept { return zkcoord_load_turn_is_held(capi()); }

    /** The load found the key: forgets its misses. The turn is over, also when this throws. */
    void found(Timeout timeout = {}) { detail::call(zkcoord_load_turn_found, capi(), timeout.milliseconds()); }

    /** The load did not find the key: records that, and answers all who wait for it. The turn is over, also when this throws. */
    void missed(Timeout timeout = {}) { detail::call(zkcoord_load_turn_missed, capi(), timeout.milliseconds()); }

    template <class Done> auto found_async(Timeout timeout, Done &&done) {
        return detail::begin_same<>(std::forward<Done>(done), zkcoord_load_turn_found_async, capi(), timeout.milliseconds());
    }

    template <class Done> auto missed_async(Timeout timeout, Done &&done) {
        return detail::begin_same<>(std::forward<Done>(done), zkcoord_load_turn_missed_async, capi(),
                                    timeout.milliseconds());
    }

private:
    friend class MissGuard;
    using Handle::Handle;
};

/**
 * Stops lookups of keys that do not exist, between a cache and the database behind it. Of all who want the same key at the
 * same time, in all processes, one loads it while the others wait. A key that was missed several times within a window is
 * answered absent for a while, without a load. A key that appears is seen when the hold is over, or at once after
 * forget(). Keys are any bytes.
 */
class MissGuard : public detail::Handle<zkcoord_miss_guard, zkcoord_miss_guard_free> {
public:
    /**
     * Looks a key up with `loader`, unless it is known to be absent. The loader is called at most once, as `loader(key)` or
     * `loader()`, and returns a std::optional; an empty one is a miss. What it throws goes to the caller and counts neither
     * way. The timeout is that of the wait for others that load the key, and once more that of the verdict.
     */
    template <class Loader> auto load(const std::string &key, Loader &&loader, Timeout timeout = {}) {
        const auto look = [&] {
            if constexpr (std::is_invocable_v<Loader &, const std::string &>) {
                return std::invoke(loader, key);
            } else {
                return std::invoke(loader);
            }
        };
        using Value = decltype(look());
        static_assert(is_optional<Value>::value, "a loader returns a std::optional");
        auto turn = begin(key, timeout);
        if (!turn) return Value();
        Value value = look();
        value ? turn->found(timeout) : turn->missed(timeout);
        return value;
    }

    /**
     * Asks about a key, and waits while others load it: nothing when it is absent, otherwise the caller is to load it. Who has
     * a turn and asks for the same key again waits for himself.
     */
    [[nodiscard]] std::optional<LoadTurn> begin(const std::string &key, Timeout timeout = {}) {
        const auto *bytes = detail::bytes(key);
        return if_any(detail::result<zkcoord_load_turn *>(zkcoord_miss_guard_begin, capi(), bytes, key.size(),
                                                          timeout.milliseconds()));
    }

    template <class Done> auto begin_async(const std::string &key, Timeout timeout, Done &&done) {
        const auto make = [](zkcoord_load_turn *turn) { return if_any(turn); };
        return detail::Completion<zkcoord_load_turn *>::begin(std::forward<Done>(done), make,
                                                              zkcoord_miss_guard_begin_async, capi(), detail::bytes(key),
                                                              key.size(), timeout.milliseconds());
    }

#if defined(__cpp_lib_jthread)
    /** As begin(), until the token is asked to stop: throws Status::cancelled then. */
    [[nodiscard]] std::optional<LoadTurn> begin(std::stop_token stop, const std::string &key, Timeout timeout = {}) {
        return detail::wait_or_stop<std::optional<LoadTurn>>(
            stop, [&](auto done) { return begin_async(key, timeout, std::move(done)); });
    }
#endif

    /** Forgets the misses of a key, because it exists now: whoever asks after this loads it again. */
    void forget(const std::string &key, Timeout timeout = {}) {
        detail::call(zkcoord_miss_guard_forget, capi(), detail::bytes(key), key.size(), timeout.milliseconds());
    }

    template <class Done> auto forget_async(const std::string &key, Timeout timeout, Done &&done) {
        return detail::begin_same<>(std::forward<Done>(done), zkcoord_miss_guard_forget_async, capi(), detail::bytes(key),
                                    key.size(), timeout.milliseconds());
    }

private:
    friend class Client;
    using Handle::Handle;

    static std::optional<LoadTurn> if_any(zkcoord_load_turn *turn) {
        return turn ? std::optional<LoadTurn>(LoadTurn(turn)) : std::nullopt;
    }

    template <class T> struct is_optional : std::false_type {};
    template <class T> struct is_optional<std::optional<T>> : std::true_type {};
};

}  // namespace zkcoord

#endif  // ZKCOORD_LIMITS_HPP
