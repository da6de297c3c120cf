// zkcoord/limits.hpp, under C++17 and C++20.
#include "wrapper.hpp"

#include <stdexcept>

using namespace std::chrono_literals;
using zkcoord::Client;
using zkcoord::MissGuardOptions;
using zkcoord::Status;

static_assert(std::is_nothrow_move_constructible_v<zkcoord::MissGuard> && std::is_move_assignable_v<zkcoord::LoadTurn>);

static void permits_are_for_all_clients_together() {
    auto client = Client::connect(hosts), other = Client::connect(hosts);
    auto mine = client.rate_limiter("/limit", 3, 1h), theirs = other.rate_limiter("/limit", 3, 60min);
    mine.acquire();
    CHECK(theirs.try_acquire(2) && !mine.try_acquire());
    CHECK(throws(Status::timeout, [&] { theirs.acquire(1, 200ms); }));
    CHECK(mine.stats().count() == 1 && mine.stats().timeouts() == 0);
    auto smooth = client.rate_limiter("/smooth", 100, 1h, 2);
    CHECK(smooth.try_acquire(2) && !smooth.try_acquire());
    CHECK(throws(Status::invalid_argument, [&] { smooth.acquire(3); }));
}

static void missing_keys_are_not_loaded_again() {
    auto client = Client::connect(hosts), other = Client::connect(hosts);
    MissGuardOptions options;
    options.threshold(2).window(1min).hold(1h);
    auto mine = client.miss_guard("/misses", options), theirs = other.miss_guard("/misses", options);
    int loads = 0;
    const std::string key("a\0b", 3);
    const auto nothing = [&](const std::string &asked) {
        CHECK(asked == key);
        loads++;
        return std::optional<int>();
    };
    for (int i = 0; i < 3; i++) CHECK(!mine.load(key, nothing) && !theirs.load(key, nothing, 5s));
    CHECK(loads == 2);
    theirs.forget(key, 5s);
    CHECK(mine.load(key, [] { return std::optional(7); }) == 7);
    CHECK(!mine.load(key, nothing) && loads == 3);
}

static void a_loader_may_throw() {
    auto client = Client::connect(hosts);
    auto misses = client.miss_guard("/throws", MissGuardOptions().threshold(1));
    bool thrown = false;
    try {
        misses.load("key", []() -> std::optional<int> { throw std::runtime_error("from the database"); });
    } catch (const std::runtime_error &error) {
        thrown = std::string(error.what()) == "from the database";
    }
    CHECK(thrown && misses.load("key", [] { return std::optional(7); }) == 7);
}

static void one_caller_loads_at_a_time() {
    auto client = Client::connect(hosts), other = Client::connect(hosts);
    auto mine = client.miss_guard("/turns"), theirs = other.miss_guard("/turns");
    {
        auto turn = mine.begin("");
        CHECK(turn && turn->is_held());
        CHECK(throws(Status::timeout, [&] { (void)theirs.begin("", 200ms); }));
        turn->missed(5s);
        CHECK(!turn->is_held() && throws(Status::invalid_argument, [&] { turn->found(); }));
    }
    theirs.begin("")->found();
    CHECK(mine.begin("", 5s).has_value());
    CHECK(theirs.begin("", 5s).has_value());
}

static void arguments_are_checked() {
    auto client = Client::connect(hosts);
    CHECK(throws(Status::invalid_argument, [&] { (void)client.rate_limiter("no/slash", 1); }));
    CHECK(throws(Status::invalid_argument, [&] { (void)client.rate_limiter("/l", 0); }));
    CHECK(throws(Status::invalid_argument, [&] { (void)client.rate_limiter("/l", 1, -1ms); }));
    CHECK(throws(Status::invalid_argument, [&] { (void)client.rate_limiter("/l", 1, 1s, 0); }));
    CHECK(throws(Status::invalid_argument, [&] { (void)client.miss_guard("no/slash"); }));
    CHECK(throws(Status::invalid_argument, [] { MissGuardOptions().threshold(-1); }));
    CHECK(throws(Status::invalid_argument, [] { MissGuardOptions().window(-1ms); }));
    CHECK(throws(Status::invalid_argument, [&] { (void)client.miss_guard("/m", MissGuardOptions().threshold(0)); }));
    CHECK(throws(Status::invalid_argument, [&] { (void)client.miss_guard("/m", MissGuardOptions().hold(25h)); }));
}

int main() {
    set_up("limits");
    RUN(permits_are_for_all_clients_together);
    RUN(missing_keys_are_not_loaded_again);
    RUN(a_loader_may_throw);
    RUN(one_caller_loads_at_a_time);
    RUN(arguments_are_checked);
    return finish();
}
