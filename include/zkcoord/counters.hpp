/**
 * @file zkcoord/counters.hpp
 * The counters. Include zkcoord.hpp.
 */
#ifndef ZKCOORD_COUNTERS_HPP
#define ZKCOORD_COUNTERS_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <optional>
#include <utility>

#include "async.hpp"
#include "base.hpp"
#include "stats.hpp"

namespace zkcoord {

/** How a counter's value stands in its node. Everyone who shares the counter must use the same. */
enum class CounterFormat {
    /** 8 bytes, big-endian: Curator's DistributedAtomicLong. */
    i64,
    /** 4 bytes, big-endian: Curator's SharedCount and DistributedAtomicInteger, kazoo's Counter with support_curator. */
    i32,
    /** A decimal number in ASCII: kazoo's Counter. */
    text,
};

/** What a counter is made with: `CounterOptions().min(0).max(10)`. A CounterFormat alone will do as well. */
class CounterOptions : public detail::Settings<CounterOptions, zkcoord_counter_options, zkcoord_counter_options_free> {
public:
    CounterOptions() : Settings(zkcoord_counter_options_new()) {}
    CounterOptions(CounterFormat format) : CounterOptions() { this->format(format); }

    /** How the value stands in the node. Default CounterFormat::i64. */
    CounterOptions &format(CounterFormat format) {
        const auto *name = format == CounterFormat::i64 ? "i64" : format == CounterFormat::i32 ? "i32" : "text";
        return set(zkcoord_counter_options_set_format, name);
    }

    /** The value (`default` is a word of the language) of a node that is missing or empty. Default 0. */
    CounterOptions &default_value(std::int64_t value) { return set(zkcoord_counter_options_set_default, value); }

    /** The least and the greatest value: a change beyond them throws Status::overflow and changes nothing. */
    CounterOptions &min(std::int64_t value) { return set(zkcoord_counter_options_set_min, value); }
    CounterOptions &max(std::int64_t value) { return set(zkcoord_counter_options_set_max, value); }

    /**
     * Whether a change whose reply is lost is resolved, for which the client makes an ephemeral child of the counter's node.
     * Default true; false is for nodes whose ACL forbids children.
     */
    CounterOptions &exactly_once(bool exactly_once) { return set(zkcoord_counter_options_set_exactly_once, exactly_once); }
};

/** A counter's value, and the version of the node that held it: how often that was written; -1 when it is missing. */
struct Versioned {
    std::int64_t value;
    std::int32_t version;
};

/** Consecutive numbers, as Counter::reserve() gives them: `for (auto id : counter.reserve(100)) ...` */
class Numbers {
public:
    class iterator {
    public:
        using iterator_category = std::input_iterator_tag;
        using value_type = std::int64_t;
        using difference_type = std::ptrdiff_t;
        using pointer = const std::int64_t *;
        using reference = std::int64_t;

        std::int64_t operator*() const noexcept { return first_ + index_; }
        iterator &operator++() noexcept { return ++index_, *this; }
        iterator operator++(int) noexcept { return {first_, index_++}; }
        bool operator==(const iterator &other) const noexcept { return index_ == other.index_; }
        bool operator!=(const iterator &other) const noexcept { return index_ != other.index_; }

    private:
        friend class Numbers;
        /** By index: beyond the largest number there is none for the end. */
        iterator(std::int64_t first, std::int64_t index) noexcept : first_(first), index_(index) {}

        std::int64_t first_, index_;
    };

    std::int64_t first() const noexcept { return first_; }
    std::int64_t last() const noexcept { return first_ + (count_ - 1); }
    std::int64_t size() const noexcept { return count_; }
    iterator begin() const noexcept { return {first_, 0}; }
    iterator end() const noexcept { return {first_, count_}; }

private:
    friend class Counter;
    Numbers(std::int64_t first, std::int64_t count) noexcept : first_(first), count_(count) {}

    std::int64_t first_, count_;
};

/** The values of a counter, one after another. Made by Counter::watch(). */
class CounterWatch : public detail::Handle<zkcoord_counter_watch, zkcoord_counter_watch_free> {
public:
    /**
     * Waits until the value is another one than the call before gave; the first call gives the current value at once. Nothing
     * when the timeout passes first; the next call goes on. Values that follow each other faster are left out; the latest
     * never is. Throws Status::bad_data when the node holds something else than a counter: the next call waits until that
     * has changed.
     */
    std::optional<std::int64_t> next(Timeout timeout = {}) {
        return detail::unless_timeout([&] {
            return detail::result<std::int64_t>(zkcoord_counter_watch_next, capi(), timeout.milliseconds());
        });
    }

    /** The outcome is Status::timeout when the timeout passes first. */
    template <class Done> auto next_async(Timeout timeout, Done &&done) {
        return detail::begin_same<std::int64_t>(std::forward<Done>(done), zkcoord_counter_watch_next_async, capi(),
                                                timeout.milliseconds());
    }

#if defined(__cpp_lib_jthread)
    /** As next(), until the token is asked to stop: throws Status::cancelled then. */
    std::optional<std::int64_t> next(std::stop_token stop, Timeout timeout = {}) {
        return detail::unless_timeout([&] {
            return detail::wait_or_stop<std::int64_t>(
                stop, [&](auto done) { return next_async(timeout, std::move(done)); });
        });
    }
#endif

private:
    friend class Counter;
    using Handle::Handle;
};

/**
 * A counter that all clients of the ensemble share. Every change is applied exactly once, also when the server's reply
 * is lost; Status::indeterminate is thrown where that cannot be known. Status::overflow and Status::bad_data: nothing
 * was written.
 */
class Counter : public detail::Handle<zkcoord_counter, zkcoord_counter_free> {
public:
    /** Adds `n` and returns the new value. */
    std::int64_t add(std::int64_t n = 1, Timeout timeout = {}) {
        return result<std::int64_t>(zkcoord_counter_add, n, timeout.milliseconds());
    }

    /** Adds 1 and returns the new value. */
    std::int64_t increment(Timeout timeout = {}) {
        return result<std::int64_t>(zkcoord_counter_increment, timeout.milliseconds());
    }

    /** Subtracts 1 and returns the new value. */
    std::int64_t decrement(Timeout timeout = {}) {
        return result<std::int64_t>(zkcoord_counter_decrement, timeout.milliseconds());
    }

    /** The value. Every change acknowledged before the call is in it. */
    std::int64_t get(Timeout timeout = {}) const {
        return result<std::int64_t>(zkcoord_counter_get, timeout.milliseconds());
    }

    /** The value as the connected server has it, which may lag behind what others were told. */
    std::int64_t get_stale(Timeout timeout = {}) const {
        return result<std::int64_t>(zkcoord_counter_get_stale, timeout.milliseconds());
    }

    /** The value, as get(), and the version of its node. */
    Versioned versioned(Timeout timeout = {}) const {
        Versioned versioned{};
        detail::call(zkcoord_counter_versioned, capi(), timeout.milliseconds(), &versioned.value, &versioned.version);
        return versioned;
    }

    void set(std::int64_t value, Timeout timeout = {}) {
        detail::call(zkcoord_counter_set, capi(), value, timeout.milliseconds());
    }

    /** Sets the value and returns the one before. */
    std::int64_t get_and_set(std::int64_t value, Timeout timeout = {}) {
        return result<std::int64_t>(zkcoord_counter_get_and_set, value, timeout.milliseconds());
    }

    /** Sets the value to `desired` if it is `expected`, and says whether it was. */
    bool compare_and_set(std::int64_t expected, std::int64_t desired, Timeout timeout = {}) {
        return result<bool>(zkcoord_counter_compare_and_set, expected, desired, timeout.milliseconds());
    }

    /** Takes `n` consecutive numbers that nobody else gets, as long as nobody lowers or sets the counter. */
    Numbers reserve(std::int64_t n, Timeout timeout = {}) {
        return {result<std::int64_t>(zkcoord_counter_reserve, n, timeout.milliseconds()), n};
    }

    /** Follows the value. */
    CounterWatch watch() const {
        return CounterWatch(detail::result<zkcoord_counter_watch *>(zkcoord_counter_watch_new, capi()));
    }

    template <class Done> auto add_async(std::int64_t n, Timeout timeout, Done &&done) {
        return begin<std::int64_t>(std::forward<Done>(done), zkcoord_counter_add_async, n, timeout.milliseconds());
    }

    template <class Done> auto increment_async(Timeout timeout, Done &&done) {
        return begin<std::int64_t>(std::forward<Done>(done), zkcoord_counter_increment_async, timeout.milliseconds());
    }

    template <class Done> auto decrement_async(Timeout timeout, Done &&done) {
        return begin<std::int64_t>(std::forward<Done>(done), zkcoord_counter_decrement_async, timeout.milliseconds());
    }

    template <class Done> auto get_async(Timeout timeout, Done &&done) const {
        return begin<std::int64_t>(std::forward<Done>(done), zkcoord_counter_get_async, timeout.milliseconds());
    }

    template <class Done> auto get_stale_async(Timeout timeout, Done &&done) const {
        return begin<std::int64_t>(std::forward<Done>(done), zkcoord_counter_get_stale_async, timeout.milliseconds());
    }

    template <class Done> auto versioned_async(Timeout timeout, Done &&done) const {
        const auto make = [](std::int64_t value, std::int32_t version) { return Versioned{value, version}; };
        return detail::Completion<std::int64_t, std::int32_t>::begin(
            std::forward<Done>(done), make, zkcoord_counter_versioned_async, capi(), timeout.milliseconds());
    }

    template <class Done> auto set_async(std::int64_t value, Timeout timeout, Done &&done) {
        return begin<>(std::forward<Done>(done), zkcoord_counter_set_async, value, timeout.milliseconds());
    }

    template <class Done> auto get_and_set_async(std::int64_t value, Timeout timeout, Done &&done) {
        return begin<std::int64_t>(std::forward<Done>(done), zkcoord_counter_get_and_set_async, value,
                                   timeout.milliseconds());
    }

    template <class Done>
    auto compare_and_set_async(std::int64_t expected, std::int64_t desired, Timeout timeout, Done &&done) {
        return begin<bool>(std::forward<Done>(done), zkcoord_counter_compare_and_set_async, expected, desired,
                           timeout.milliseconds());
    }

    template <class Done> auto reserve_async(std::int64_t n, Timeout timeout, Done &&done) {
        const auto make = [n](std::int64_t first) { return Numbers(first, n); };
        return detail::Completion<std::int64_t>::begin(std::forward<Done>(done), make, zkcoord_counter_reserve_async,
                                                       capi(), n, timeout.milliseconds());
    }

    /**
     * Calls `tell` with the value, soon, and then with each new one, until the subscription is destroyed; it keeps the
     * client open until then. Values that follow each other faster than `tell` returns are left out; the latest never is.
     * The outcome is Status::bad_data when the node holds something else than a counter, and then what comes after; any
     * other error, as Status::closed, is the last. See zkcoord/async.hpp for what a callback may do.
     */
    Subscription on_change(std::function<void(Outcome<std::int64_t>)> tell) const {
        detail::check_not_empty("tell", tell);
        const auto same = [](std::int64_t value) { return value; };
        auto call = detail::Completion<std::int64_t>::completing<std::int64_t>(std::move(tell), same);
        zkcoord_subscription *subscription = nullptr;
        detail::listen<zkcoord_status, std::int64_t, const zkcoord_error *>(
            std::move(call), [&](auto fn, void *user_data, auto destroy) {
                detail::call(zkcoord_counter_on_change, capi(), fn, user_data, destroy, &subscription);
            });
        return Subscription(subscription);
    }

    /** How long the changes through this counter took so far. Costs no round trip. */
    WaitStats stats() const { return WaitStats(detail::result<zkcoord_stats *>(zkcoord_counter_stats, capi())); }

private:
    friend class Client;
    using Handle::Handle;

    template <class... Results, class Done, class Function, class... Arguments>
    auto begin(Done &&done, Function function, Arguments... arguments) const {
        return detail::begin_same<Results...>(std::forward<Done>(done), function, capi(), arguments...);
    }

    template <class Result, class Function, class... Arguments>
    Result result(Function function, Arguments... arguments) const {
        return detail::result<Result>(function, capi(), arguments...);
    }
};

namespace detail {

class StripedCounterOptions : public Settings<StripedCounterOptions, zkcoord_striped_counter_options,
                                              zkcoord_striped_counter_options_free> {
public:
    explicit StripedCounterOptions(std::chrono::milliseconds flush_interval)
        : Settings(zkcoord_striped_counter_options_new()) {
        set(zkcoord_striped_counter_options_set_flush_interval, std::int64_t(flush_interval.count()));
    }
};

}  // namespace detail

/**
 * A sum to which many clients add often. An add is only made in memory; what has come together is written now and then, and
 * by flush(), and at last in the background by the destructor. What flush() acknowledged is in every later sum, exactly
 * once; what was not flushed when a process dies is lost.
 */
class StripedCounter : public detail::Handle<zkcoord_striped_counter, zkcoord_striped_counter_free> {
public:
    /** Adds `n`. Does not wait and makes no request. */
    void add(std::int64_t n = 1) { detail::call(zkcoord_striped_counter_add, capi(), n); }

    /** Has everything written that this client has added so far, and waits until the server has confirmed it. */
    void flush(Timeout timeout = {}) { detail::call(zkcoord_striped_counter_flush, capi(), timeout.milliseconds()); }

    /** The sum of all that was flushed, by all clients. */
    std::int64_t sum(Timeout timeout = {}) const {
        return detail::result<std::int64_t>(zkcoord_striped_counter_sum, capi(), timeout.milliseconds());
    }

    template <class Done> auto flush_async(Timeout timeout, Done &&done) {
        return detail::begin_same<>(std::forward<Done>(done), zkcoord_striped_counter_flush_async, capi(),
                                    timeout.milliseconds());
    }

    template <class Done> auto sum_async(Timeout timeout, Done &&done) const {
        return detail::begin_same<std::int64_t>(std::forward<Done>(done), zkcoord_striped_counter_sum_async, capi(),
                                                timeout.milliseconds());
    }

private:
    friend class Client;
    using Handle::Handle;
};

/**
 * Counts the events of the last so many seconds, the window, by the clock of the ensemble's leader. An event counts for at
 * least the window from its add on, and at most one of the window's buckets and some round trips longer.
 */
class WindowCounter : public detail::Handle<zkcoord_window_counter, zkcoord_window_counter_free> {
public:
    /** Records `n` events that happen now, and returns how many count with them. */
    std::int64_t add(std::int64_t n = 1, Timeout timeout = {}) {
        return detail::result<std::int64_t>(zkcoord_window_counter_add, capi(), n, timeout.milliseconds());
    }

    /** How many events count now. Every add acknowledged before the call is seen. */
    std::int64_t count(Timeout timeout = {}) const {
        return detail::result<std::int64_t>(zkcoord_window_counter_count, capi(), timeout.milliseconds());
    }

    template <class Done> auto add_async(std::int64_t n, Timeout timeout, Done &&done) {
        return detail::begin_same<std::int64_t>(std::forward<Done>(done), zkcoord_window_counter_add_async, capi(), n,
                                                timeout.milliseconds());
    }

    template <class Done> auto count_async(Timeout timeout, Done &&done) const {
        return detail::begin_same<std::int64_t>(std::forward<Done>(done), zkcoord_window_counter_count_async, capi(),
                                                timeout.milliseconds());
    }

private:
    friend class Client;
    using Handle::Handle;
};

}  // namespace zkcoord

#endif  // ZKCOORD_COUNTERS_HPP
