/**
 * @file zkcoord/counters.hpp
 * The counters. Include zkcoord.hpp instead.
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

/** The format of a counter's value in its node. All clients that share the counter must use the same. */
enum class CounterFormat {
    /** 8 bytes, big-endian: Curator's DistributedAtomicLong. */
    i64,
    /** 4 bytes, big-endian: Curator's SharedCount and DistributedAtomicInteger, kazoo's Counter with support_curator. */
    i32,
    /** A decimal number in ASCII: kazoo's Counter. */
    text,
};

/** Options of Client::counter(): `CounterOptions().min(0).max(10)`. A CounterFormat converts to them. */
class CounterOptions : public detail::Settings<CounterOptions, zkcoord_counter_options, zkcoord_counter_options_free> {
public:
    CounterOptions() : Settings(zkcoord_counter_options_new()) {}
    CounterOptions(CounterFormat format) : CounterOptions() { this->format(format); }

    /** Sets the format of the value in the node. Default CounterFormat::i64. */
    CounterOptions &format(CounterFormat format) {
        const auto *name = format == CounterFormat::i64 ? "i64" : format == CounterFormat::i32 ? "i32" : "text";
        return set(zkcoord_counter_options_set_format, name);
    }

    /** Sets the value of a node that is missing or empty (`default` is a keyword). Default 0. */
    CounterOptions &default_value(std::int64_t value) { return set(zkcoord_counter_options_set_default, value); }

    /** Sets the least value: a change below it throws Status::overflow and changes nothing. Default: that of the format. */
    CounterOptions &min(std::int64_t value) { return set(zkcoord_counter_options_set_min, value); }

    /**
     * Sets the greatest value: a change above it throws Status::overflow and changes nothing. Default: that of the format.
     */
    CounterOptions &max(std::int64_t value) { return set(zkcoord_counter_options_set_max, value); }

    /**
     * Sets whether a change whose reply is lost is resolved, for which the client creates an ephemeral child of the
     * counter's node. Default true. False is for nodes whose ACL forbids children: such a change then throws
     * Status::indeterminate, unless the node itself proves that it was not applied.
     */
    CounterOptions &exactly_once(bool exactly_once) {
        return set(zkcoord_counter_options_set_exactly_once, exactly_once);
    }
};

/** A counter's value with the version of its node. */
struct Versioned {
    /** The value of the counter. */
    std::int64_t value;
    /** The number of times that the node was written since it was created; -1 if it is missing. */
    std::int32_t version;
};

/** Consecutive numbers, as Counter::reserve() returns them: `for (auto id : counter.reserve(100)) ...` */
class Numbers {
public:
    /** Iterates over the numbers. */
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
        /** By index, because the largest std::int64_t has no successor that could be the end. */
        iterator(std::int64_t first, std::int64_t index) noexcept : first_(first), index_(index) {}

        std::int64_t first_, index_;
    };

    /** Returns the first number. */
    std::int64_t first() const noexcept { return first_; }

    /** Returns the last number. */
    std::int64_t last() const noexcept { return first_ + (count_ - 1); }

    /** Returns how many numbers there are. */
    std::int64_t size() const noexcept { return count_; }

    iterator begin() const noexcept { return {first_, 0}; }
    iterator end() const noexcept { return {first_, count_}; }

private:
    friend class Counter;
    Numbers(std::int64_t first, std::int64_t count) noexcept : first_(first), count_(count) {}

    std::int64_t first_, count_;
};

/**
 * The values of a counter, one after another. Made by Counter::watch(). If several threads call next(), each value goes to
 * one of them. It goes on through lost connections and the expiry of sessions.
 */
class CounterWatch : public detail::AsyncHandle<zkcoord_counter_watch, zkcoord_counter_watch_free> {
public:
    /**
     * Waits until the value differs from the one that the call before returned, and returns it. The first call returns the
     * current value at once. Returns nothing if the timeout passes first; the next call then continues to wait. If values
     * follow each other faster than they are asked for, some are left out, but never the latest.
     *
     * Throws Status::bad_data if the node does not hold a counter: the next call waits until that has changed.
     */
    std::optional<std::int64_t> next(Timeout timeout = {}) {
        return detail::unless_timeout([&] { return result<std::int64_t>(zkcoord_counter_watch_next, timeout); });
    }

    /** Starts next(). The outcome is Status::timeout if the timeout passes first. */
    template <class Done> auto next_async(Timeout timeout, Done &&done) {
        return start<std::int64_t>(std::forward<Done>(done), zkcoord_counter_watch_next_async, timeout);
    }

#if defined(__cpp_lib_jthread)
    /** Waits as next() does. Throws Status::cancelled if the token is asked to stop first. */
    std::optional<std::int64_t> next(std::stop_token stop, Timeout timeout = {}) {
        return detail::unless_timeout([&] {
            return detail::wait_or_stop<std::int64_t>(stop,
                                                      [&](auto done) { return next_async(timeout, std::move(done)); });
        });
    }
#endif

private:
    using AsyncHandle::AsyncHandle;
};

/**
 * A counter that all clients of the ensemble share. Every change is applied exactly once, also when the server's reply is
 * lost.
 *
 * A change throws Status::indeterminate if it was sent and its outcome cannot be learned. If it throws Status::overflow,
 * because the result is out of bounds, or Status::bad_data, because the node does not hold a counter, nothing was written.
 */
class Counter : public detail::AsyncHandle<zkcoord_counter, zkcoord_counter_free> {
public:
    /** Adds `n` and returns the new value. */
    std::int64_t add(std::int64_t n = 1, Timeout timeout = {}) {
        return result<std::int64_t>(zkcoord_counter_add, n, timeout);
    }

    /** Adds 1 and returns the new value. */
    std::int64_t increment(Timeout timeout = {}) { return result<std::int64_t>(zkcoord_counter_increment, timeout); }

    /** Subtracts 1 and returns the new value. */
    std::int64_t decrement(Timeout timeout = {}) { return result<std::int64_t>(zkcoord_counter_decrement, timeout); }

    /** Returns the value. It includes every change that was acknowledged before the call. */
    std::int64_t get(Timeout timeout = {}) const { return result<std::int64_t>(zkcoord_counter_get, timeout); }

    /** Returns the value that the connected server has, which may lag behind changes that were acknowledged to others. */
    std::int64_t get_stale(Timeout timeout = {}) const {
        return result<std::int64_t>(zkcoord_counter_get_stale, timeout);
    }

    /** Returns the value, as get() does, and the version of its node. */
    Versioned versioned(Timeout timeout = {}) const {
        Versioned versioned{};
        call(zkcoord_counter_versioned, timeout, &versioned.value, &versioned.version);
        return versioned;
    }

    /** Sets the value. */
    void set(std::int64_t value, Timeout timeout = {}) { call(zkcoord_counter_set, value, timeout); }

    /** Sets the value and returns the previous one. */
    std::int64_t get_and_set(std::int64_t value, Timeout timeout = {}) {
        return result<std::int64_t>(zkcoord_counter_get_and_set, value, timeout);
    }

    /** Sets the value to `desired` if it is `expected`, and returns whether it was. */
    bool compare_and_set(std::int64_t expected, std::int64_t desired, Timeout timeout = {}) {
        return result<bool>(zkcoord_counter_compare_and_set, expected, desired, timeout);
    }

    /**
     * Reserves `n` consecutive numbers, at least 1: no other call gets them, as long as the counter is not set or lowered.
     * The value becomes the last of them. Numbers of a call that fails may be lost.
     */
    Numbers reserve(std::int64_t n, Timeout timeout = {}) {
        return {result<std::int64_t>(zkcoord_counter_reserve, n, timeout), n};
    }

    /** Returns a watch that follows the value. Makes no request. */
    CounterWatch watch() const { return result<CounterWatch>(zkcoord_counter_watch_new); }

    /** Starts add(). */
    template <class Done> auto add_async(std::int64_t n, Timeout timeout, Done &&done) {
        return start<std::int64_t>(std::forward<Done>(done), zkcoord_counter_add_async, n, timeout);
    }

    /** Starts increment(). */
    template <class Done> auto increment_async(Timeout timeout, Done &&done) {
        return start<std::int64_t>(std::forward<Done>(done), zkcoord_counter_increment_async, timeout);
    }

    /** Starts decrement(). */
    template <class Done> auto decrement_async(Timeout timeout, Done &&done) {
        return start<std::int64_t>(std::forward<Done>(done), zkcoord_counter_decrement_async, timeout);
    }

    /** Starts get(). */
    template <class Done> auto get_async(Timeout timeout, Done &&done) const {
        return start<std::int64_t>(std::forward<Done>(done), zkcoord_counter_get_async, timeout);
    }

    /** Starts get_stale(). */
    template <class Done> auto get_stale_async(Timeout timeout, Done &&done) const {
        return start<std::int64_t>(std::forward<Done>(done), zkcoord_counter_get_stale_async, timeout);
    }

    /** Starts versioned(). */
    template <class Done> auto versioned_async(Timeout timeout, Done &&done) const {
        const auto make = [](std::int64_t value, std::int32_t version) { return Versioned{value, version}; };
        return detail::Completion<std::int64_t, std::int32_t>::begin(std::forward<Done>(done), make,
                                                                     zkcoord_counter_versioned_async, capi(), timeout);
    }

    /** Starts set(). */
    template <class Done> auto set_async(std::int64_t value, Timeout timeout, Done &&done) {
        return start<void>(std::forward<Done>(done), zkcoord_counter_set_async, value, timeout);
    }

    /** Starts get_and_set(). */
    template <class Done> auto get_and_set_async(std::int64_t value, Timeout timeout, Done &&done) {
        return start<std::int64_t>(std::forward<Done>(done), zkcoord_counter_get_and_set_async, value, timeout);
    }

    /** Starts compare_and_set(). */
    template <class Done>
    auto compare_and_set_async(std::int64_t expected, std::int64_t desired, Timeout timeout, Done &&done) {
        return start<bool>(std::forward<Done>(done), zkcoord_counter_compare_and_set_async, expected, desired, timeout);
    }

    /** Starts reserve(). */
    template <class Done> auto reserve_async(std::int64_t n, Timeout timeout, Done &&done) {
        const auto make = [n](std::int64_t first) { return Numbers(first, n); };
        return detail::Completion<std::int64_t>::begin(std::forward<Done>(done), make, zkcoord_counter_reserve_async,
                                                       capi(), n, timeout);
    }

    /**
     * Calls `callback` with the current value, soon, and then with each new one, until the subscription is destroyed, which
     * keeps the client's session open until then. If values follow each other faster than `callback` returns, some are left
     * out, but never the latest.
     *
     * The outcome is Status::bad_data if the node does not hold a counter; the calls go on. Any other error, such as
     * Status::closed, is the last outcome. Throws Status::invalid_argument for an empty function. zkcoord/async.hpp says
     * what a callback may do.
     */
    Subscription on_change(std::function<void(Outcome<std::int64_t>)> callback) const {
        detail::check_not_empty("callback", callback);
        using Value = detail::FromC<std::int64_t>;
        auto done = detail::Completion<std::int64_t>::completing<std::int64_t>(std::move(callback), Value::make);
        return subscribe<zkcoord_status, std::int64_t, const zkcoord_error *>(zkcoord_counter_on_change,
                                                                              std::move(done));
    }

    /** Returns the times that the changes through this counter took so far. Costs no round trip. */
    WaitStats stats() const { return result<WaitStats>(zkcoord_counter_stats); }

private:
    using AsyncHandle::AsyncHandle;
};

namespace detail {

/** Options of Client::striped_counter(), which takes them as arguments. */
class StripedCounterOptions
    : public Settings<StripedCounterOptions, zkcoord_striped_counter_options, zkcoord_striped_counter_options_free> {
public:
    explicit StripedCounterOptions(std::chrono::milliseconds flush_interval)
        : Settings(zkcoord_striped_counter_options_new()) {
        set(zkcoord_striped_counter_options_set_flush_interval, flush_interval);
    }
};

}  // namespace detail

/**
 * A sum to which many clients add often. An add changes only memory; the accumulated adds are written within the flush
 * interval, by flush(), and in the background by the destructor. Adds that flush() has acknowledged are part of every later
 * sum, exactly once. Adds that were not flushed when a process dies are lost.
 */
class StripedCounter : public detail::AsyncHandle<zkcoord_striped_counter, zkcoord_striped_counter_free> {
public:
    /** Adds `n`, which may be negative. Does not wait and makes no request. */
    void add(std::int64_t n = 1) { call(zkcoord_striped_counter_add, n); }

    /**
     * Writes everything that this client has added so far, and waits until the server has confirmed it. Throws
     * Status::indeterminate if the session died while a write was in flight: that write is not tried again. After any other
     * error the adds are kept and tried again.
     */
    void flush(Timeout timeout = {}) { call(zkcoord_striped_counter_flush, timeout); }

    /** Returns the sum of everything that all clients have flushed. */
    std::int64_t sum(Timeout timeout = {}) const { return result<std::int64_t>(zkcoord_striped_counter_sum, timeout); }

    /** Starts flush(). */
    template <class Done> auto flush_async(Timeout timeout, Done &&done) {
        return start<void>(std::forward<Done>(done), zkcoord_striped_counter_flush_async, timeout);
    }

    /** Starts sum(). */
    template <class Done> auto sum_async(Timeout timeout, Done &&done) const {
        return start<std::int64_t>(std::forward<Done>(done), zkcoord_striped_counter_sum_async, timeout);
    }

private:
    using AsyncHandle::AsyncHandle;
};

/**
 * Counts the events of the latest seconds, called the window, by the clock of the ensemble's leader. An event counts for at
 * least the window, from the call of its add, and at most one of the window's buckets and some round trips longer.
 *
 * Calls throw Status::invalid_argument if the node was created with another window or other buckets.
 */
class WindowCounter : public detail::AsyncHandle<zkcoord_window_counter, zkcoord_window_counter_free> {
public:
    /** Records `n` events that happen now, at least 0, and returns how many count, including them. */
    std::int64_t add(std::int64_t n = 1, Timeout timeout = {}) {
        return result<std::int64_t>(zkcoord_window_counter_add, n, timeout);
    }

    /** Returns how many events count now. Includes every add that was acknowledged before the call. */
    std::int64_t count(Timeout timeout = {}) const {
        return result<std::int64_t>(zkcoord_window_counter_count, timeout);
    }

    /** Starts add(). */
    template <class Done> auto add_async(std::int64_t n, Timeout timeout, Done &&done) {
        return start<std::int64_t>(std::forward<Done>(done), zkcoord_window_counter_add_async, n, timeout);
    }

    /** Starts count(). */
    template <class Done> auto count_async(Timeout timeout, Done &&done) const {
        return start<std::int64_t>(std::forward<Done>(done), zkcoord_window_counter_count_async, timeout);
    }

private:
    using AsyncHandle::AsyncHandle;
};

}  // namespace zkcoord

#endif  // ZKCOORD_COUNTERS_HPP
