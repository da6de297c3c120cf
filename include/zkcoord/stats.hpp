/**
 * @file zkcoord/stats.hpp
 * Statistics of waits and of held locks. Include zkcoord.hpp instead.
 */
#ifndef ZKCOORD_STATS_HPP
#define ZKCOORD_STATS_HPP

#include <chrono>
#include <cstdint>
#include <optional>

#include "base.hpp"

namespace zkcoord {

/** Seconds with fractions. */
using Seconds = std::chrono::duration<double>;

/**
 * The times for which a lock was held until it was released; locks that were lost do not count. Mean, deviation and
 * quantiles are those of the latest 1024.
 */
struct HoldStats {
    std::uint64_t count;
    Seconds mean, stddev, p50, p99;
};

/**
 * The times that successful waits, or a counter's changes, took. Mean, deviation and quantiles are those of the latest 1024.
 * A snapshot: it does not change any more, and its members cost no round trip.
 */
class WaitStats : public detail::Handle<zkcoord_stats, zkcoord_stats_free> {
public:
    /** Returns how many waits succeeded. */
    std::uint64_t count() const noexcept { return zkcoord_stats_count(capi()); }

    /** Returns how many waits failed with Status::timeout. */
    std::uint64_t timeouts() const noexcept { return zkcoord_stats_timeouts(capi()); }

    /** Returns the mean of the waits. */
    Seconds mean() const noexcept { return Seconds(zkcoord_stats_mean(capi())); }

    /** Returns the standard deviation of the waits. */
    Seconds stddev() const noexcept { return Seconds(zkcoord_stats_stddev(capi())); }

    /** Returns the median: half of the waits took at most this long. */
    Seconds p50() const noexcept { return Seconds(zkcoord_stats_p50(capi())); }

    /** Returns the 99th percentile: 99 % of the waits took at most this long. */
    Seconds p99() const noexcept { return Seconds(zkcoord_stats_p99(capi())); }

    /** Estimates the probability, from 0 to 1, that a wait ends within the budget. Nothing before the second wait. */
    std::optional<double> success_probability(Timeout budget) const noexcept {
        const auto probability = zkcoord_stats_success_probability(capi(), budget.milliseconds());
        return count() < 2 ? std::nullopt : std::optional<double>(probability);
    }

    /** Returns the times for which the locks were held. */
    HoldStats holds() const noexcept {
        return {zkcoord_stats_hold_count(capi()), Seconds(zkcoord_stats_hold_mean(capi())),
                Seconds(zkcoord_stats_hold_stddev(capi())), Seconds(zkcoord_stats_hold_p50(capi())),
                Seconds(zkcoord_stats_hold_p99(capi()))};
    }

private:
    using Handle::Handle;
};

}  // namespace zkcoord

#endif  // ZKCOORD_STATS_HPP
