// zkcoord/counters.hpp, under C++17 and C++20.
#include "wrapper.hpp"

#include <algorithm>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using zkcoord::Client;
using zkcoord::CounterFormat;
using zkcoord::CounterOptions;
using zkcoord::Status;

static_assert(std::is_nothrow_move_constructible_v<zkcoord::Counter> &&
              std::is_move_assignable_v<zkcoord::CounterWatch>);
static_assert(std::is_move_assignable_v<zkcoord::StripedCounter> && std::is_move_assignable_v<zkcoord::WindowCounter>);

static void counters_count() {
    auto client = Client::connect(hosts);
    auto counter = client.counter("/count");
    CHECK(counter.get() == 0);
    CHECK(counter.add() == 1 && counter.add(5) == 6 && counter.add(-2, 5s) == 4);
    CHECK(counter.increment() == 5 && counter.decrement(5s) == 4 && counter.get(5s) == 4);
    counter.set(10);
    CHECK(counter.get_and_set(11, 5s) == 10);
    CHECK(!counter.compare_and_set(10, 12) && counter.compare_and_set(11, 12));
    counter.set(INT64_MAX, 1h);
    CHECK(throws(Status::overflow, [&] { counter.increment(); }));
}

static void counters_have_options() {
    auto client = Client::connect(hosts);
    auto counter =
        client.counter("/options", CounterOptions().format(CounterFormat::text).default_value(7).min(5).max(8));
    CHECK(counter.get() == 7 && counter.increment() == 8 && observe("holds", "/options", "8") == 0);
    CHECK(throws(Status::overflow, [&] { counter.increment(); }) && throws(Status::overflow, [&] { counter.set(4); }));
    client.counter("/i32", CounterFormat::i32).set(5);
    CHECK(throws(Status::bad_data, [&] { (void)client.counter("/i32").get(); }));
    client.counter("/childless", CounterOptions().exactly_once(false)).set(5);
    CHECK(observe("count", "/childless", "") == 0);
    CHECK(throws(Status::invalid_argument, [&] { (void)client.counter("/bad", CounterOptions().min(1)); }));
    CHECK(throws(Status::invalid_argument, [&] { (void)client.counter("/bad", CounterOptions().min(1).max(0)); }));
}

static void counters_are_read_in_several_ways() {
    auto client = Client::connect(hosts);
    auto counter = client.counter("/read");
    CHECK(counter.versioned().value == 0 && counter.versioned(5s).version == -1);
    counter.set(5);
    CHECK(counter.get_stale() == 5 && counter.get_stale(5s) == 5);
    CHECK(counter.versioned().value == 5 && counter.versioned().version == 0);
    CHECK(counter.stats().count() == 1 && counter.stats().mean() > 0s);
}

static void reserved_numbers_are_unique() {
    auto client = Client::connect(hosts);
    auto counter = client.counter("/ids");
    const auto numbers = counter.reserve(3);
    CHECK(numbers.first() == 1 && numbers.last() == 3 && numbers.size() == 3);
    CHECK((std::vector<std::int64_t>(numbers.begin(), numbers.end()) == std::vector<std::int64_t>{1, 2, 3}));
    std::int64_t sum = 0;
    for (auto number : counter.reserve(2, 5s)) sum += number;
    CHECK(sum == 4 + 5);
    CHECK(throws(Status::invalid_argument, [&] { (void)counter.reserve(0); }));
    counter.set(INT64_MAX - 2);
    const auto largest = counter.reserve(2);
    CHECK(largest.last() == INT64_MAX && std::count(largest.begin(), largest.end(), INT64_MAX) == 1);
}

static void a_watch_follows_the_value() {
    auto client = Client::connect(hosts), other = Client::connect(hosts);
    auto theirs = other.counter("/watched");
    auto watch = client.counter("/watched").watch();
    CHECK(watch.next() == 0 && !watch.next(200ms) && !watch.next(0s));
    std::thread thread([&] { theirs.set(1); });
    CHECK(watch.next(20s) == 1);
    thread.join();
    client.close();
    CHECK(throws(Status::closed, [&] { (void)watch.next(); }));
}

static void flushed_adds_are_in_every_sum() {
    auto client = Client::connect(hosts), other = Client::connect(hosts);
    auto theirs = other.striped_counter("/striped");
    {
        auto mine = client.striped_counter("/striped", 1h);
        mine.add();
        mine.add(6);
        CHECK(mine.sum() == 0);
        mine.flush(5s);
        CHECK(theirs.sum(5s) == 7);
        mine.add(-3);
    }
    EVENTUALLY(theirs.sum() == 4);
    CHECK(throws(Status::invalid_argument, [&] { (void)client.striped_counter("/striped", -1ms); }));
    CHECK(throws(Status::invalid_argument, [&] { (void)client.striped_counter("striped"); }));
}

static void events_of_the_window_are_counted() {
    auto client = Client::connect(hosts);
    auto counter = client.window_counter("/window");
    CHECK(counter.count() == 0 && counter.add() == 1 && counter.add(4, 5s) == 5 && counter.count(5s) == 5);
    CHECK(client.window_counter("/window", 60s, 60).count() == 5);
    CHECK(throws(Status::invalid_argument, [&] { (void)client.window_counter("/window", 30s).count(); }));
    CHECK(throws(Status::invalid_argument, [&] { (void)client.window_counter("/window", 0s); }));
    CHECK(throws(Status::invalid_argument, [&] { (void)client.window_counter("/window", 1min, -1); }));
    CHECK(throws(Status::invalid_argument, [&] { (void)counter.add(-1); }));
}

int main() {
    set_up("counters");
    RUN(counters_count);
    RUN(counters_have_options);
    RUN(counters_are_read_in_several_ways);
    RUN(reserved_numbers_are_unique);
    RUN(a_watch_follows_the_value);
    RUN(flushed_adds_are_in_every_sum);
    RUN(events_of_the_window_are_counted);
    return finish();
}
