/**
 * @file zkcoord/stats.hpp
 * How long things took. Include zkcoord.hpp.
 */
#ifndef ZKCOORD_STATS_HPP
#define ZKCOORD_STATS_HPP

#include <chrono>
#include <cstdint>
#include <optional>

#include "base.hpp"

namespace zkcoord {

/** Seconds with their fractions. */
using Seconds = std::chrono::duration<double>;

/** How long a lock was held, until it was given back: lost ones do not count. Mean and so on are those of the latest 1024. */
struct HoldStats {
    std::uint64_t count;
    Seconds mean, stddev, p50, p99;
};

/** How long waits, or a counter's changes, took that ended well. Mean, deviation and quantiles: of the latest 1024. */
class WaitStats : public detail::Handle<zkcoord_stats, zkcoord_stats_free> {
public:

    /** How many waits ended well, and how many with Status::timeout. */
    std::uint64_t count() const noexcept { return zkcoord_stats_count(capi()); }
    std::uint64_t timeouts() const noexcept { return zkcoord_stats_timeouts(capi()); }

    Seconds mean() const noexcept { return Seconds(zkcoord_stats_mean(capi())); }
    Seconds stddev() const noexcept { return Seconds(zkcoord_stats_stddev(capi())); }

    /** Half, and 99 %, of the waits took at most so long. */
    Seconds p50() const noexcept { return Seconds(zkcoord_stats_p50(capi())); }
    Seconds p99() const noexcept { return Seconds(zkcoord_stats_p99(capi())); }

    /** How likely a wait ends within the budget, from 0 to 1. Nothing before the second wait. */
    std::optional<double> success_probability(Timeout budget) const noexcept {
        const auto probability = zkcoord_stats_success_probability(capi(), budget.milliseconds());
        return count() < 2 ? std::nullopt : std::optional<double>(probability);
    }

    /** How long the locks were held. */
    HoldStats holds() const noexcept {
        return {zkcoord_stats_hold_count(capi()), Seconds(zkcoord_stats_hold_mean(capi())),
                Seconds(zkcoord_stats_hold_stddev(capi())), Seconds(zkcoord_stats_hold_p50(capi())),
                Seconds(zkcoord_stats_hold_p99(capi()))};
    }

private:
    friend class Mutex;
    friend class ReentrantMutex;
    friend class MultiMutex;
    friend class Semaphore;
    friend class Counter;
    friend class RateLimiter;
    using Handle::Handle;
};

}  // namespace zkcoord

#endif  // ZKCOORD_STATS_HPP
