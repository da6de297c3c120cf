// zkcoord/async.hpp and the calls that use it, under C++17 and C++20.
#include "wrapper.hpp"

#include <atomic>
#include <future>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using zkcoord::Client;
using zkcoord::Guard;
using zkcoord::Outcome;
using zkcoord::Status;
using zkcoord::use_future;

static_assert(std::is_nothrow_move_constructible_v<zkcoord::Op> &&
              !std::is_copy_constructible_v<zkcoord::Subscription>);

// Returns whether the future throws an Error of this status.
template <class T> static bool fails(Status status, std::future<T> future) {
    return throws(status, [&] { (void)future.get(); });
}

static void a_callback_gets_the_outcome() {
    auto client = Client::connect(hosts), other = Client::connect(hosts);
    auto mutex = client.mutex("/callback"), theirs = other.mutex("/callback");
    std::promise<Guard> promise;
    auto owned = std::make_unique<int>(7);  // a callback need not be copyable
    const auto caller = std::this_thread::get_id();
    auto op = mutex.acquire_async(5s, [&promise, owned = std::move(owned), caller](Outcome<Guard> outcome) {
        CHECK(outcome && *owned == 7 && std::this_thread::get_id() != caller);
        promise.set_value(outcome.get());
    });
    op.wait();
    auto guard = promise.get_future().get();
    CHECK(guard.is_held() && guard.lease_remaining() > 0ms);

    std::atomic<bool> timed_out{false};
    theirs
        .acquire_async(50ms,
                       [&](Outcome<Guard> outcome) {
                           timed_out = !outcome && outcome.error().status() == Status::timeout &&
                                       throws(Status::timeout, [&] { (void)outcome.get(); });
                       })
        .wait();
    CHECK(timed_out);
    CHECK(fails(Status::timeout, theirs.acquire_async(50ms, use_future)));
    CHECK(!theirs.try_acquire_async(use_future).get());
    CHECK(theirs.inspect_async({}, use_future).get().contenders.size() == 1);
}

static void a_cancelled_call_leaves_no_node() {
    auto client = Client::connect(hosts), other = Client::connect(hosts);
    auto mutex = client.mutex("/cancelled"), theirs = other.mutex("/cancelled");
    auto guard = mutex.acquire(5s);
    std::atomic<int> cancelled{0};
    auto op = theirs.acquire_async({}, [&](Outcome<Guard> outcome) {
        cancelled += !outcome && outcome.error().code() == std::errc::operation_canceled;
    });
    CHECK(throws(Status::timeout, [&] { op.wait(10ms); }));
    op.cancel();
    op.wait(10s);
    CHECK(cancelled == 1);
    EVENTUALLY(mutex.inspect().contenders.size() == 1);
}

static void callbacks_are_destroyed_and_may_throw() {
    auto client = Client::connect(hosts);
    auto counter = client.counter("/owned");
    auto owned = std::make_shared<int>(0);
    counter.add_async(1, {}, [owned](Outcome<std::int64_t>) { throw std::runtime_error("from a callback"); }).wait();
    CHECK(owned.use_count() == 1);
    CHECK(throws(Status::invalid_argument, [&] { counter.reserve_async(0, {}, [owned](auto) {}); }));
    EVENTUALLY(owned.use_count() == 1);
    const std::function<void(Outcome<std::int64_t>)> empty;
    CHECK(throws(Status::invalid_argument, [&] { counter.add_async(1, {}, empty); }));
    CHECK(
        throws(Status::invalid_argument, [&] { (void)Client::connect_async("a\0b", {}, use_future); }) ||
        throws(Status::invalid_argument, [&] { (void)Client::connect_async(std::string("a\0b", 3), {}, use_future); }));
    std::promise<bool> refused;
    counter.get_async({}, [&](auto) { refused.set_value(throws(Status::would_deadlock, [&] { counter.get(); })); });
    CHECK(refused.get_future().get());
    std::promise<std::int64_t> chained;
    counter.add_async(1, {}, [&](auto) {
        counter.add_async(1, {}, [&](Outcome<std::int64_t> outcome) { chained.set_value(outcome.get()); });
    });
    CHECK(chained.get_future().get() == 3);
}

static void a_thousand_adds_are_counted() {
    auto client = Client::connect(hosts);
    auto counter = client.counter("/thousand");
    std::vector<std::future<std::int64_t>> values;
    std::int64_t sum = 0;
    for (int i = 0; i < 1000; i++) values.push_back(counter.add_async(1, 30s, use_future));
    for (auto &value : values) sum += value.get();
    CHECK(sum == 500500 && counter.get() == 1000);
}

static void every_waiting_call_has_an_asynchronous_one() {
    auto client = Client::connect_async(hosts, {}, use_future).get();
    auto reentrant = client.reentrant_mutex("/reentrant");
    {
        auto outer = reentrant.acquire_async(5s, use_future).get();
        CHECK(reentrant.try_acquire_async(use_future).get()->token() == outer.token());
        CHECK(reentrant.inspect_async(5s, use_future).get().contenders.size() == 1);
        CHECK(client.request_revoke_async(outer.node(), 5s, use_future).get());
        outer.create_async("/written", "first", 5s, use_future).get();
        outer.set_data_async("/written", "second", 0, 5s, use_future).get();
        CHECK(observe("holds", "/written", "second") == 0);
        CHECK(fails(Status::invalid_argument, outer.remove_async("/written", 0, {}, use_future)));
        outer.remove_async("/written", {}, {}, use_future).get();
        outer.release_async(5s, use_future).get();
    }
    auto both = client.multi_mutex({"/one", "/two"});
    CHECK(both.acquire_async(5s, use_future).get().tokens().size() == 2);
    EVENTUALLY(both.try_acquire_async(use_future).get());
    auto semaphore = client.semaphore("/permits", 2);
    {
        auto permit = semaphore.acquire_async(2, 5s, use_future).get();
        CHECK(!semaphore.try_acquire_async(1, use_future).get());
    }
    auto counter = client.counter("/counter");
    CHECK(counter.increment_async({}, use_future).get() == 1 && counter.decrement_async({}, use_future).get() == 0);
    counter.set_async(5, {}, use_future).get();
    CHECK(counter.get_async({}, use_future).get() == 5 && counter.get_stale_async({}, use_future).get() == 5);
    CHECK(counter.get_and_set_async(6, {}, use_future).get() == 5);
    CHECK(counter.compare_and_set_async(6, 7, {}, use_future).get());
    CHECK(counter.versioned_async({}, use_future).get().value == 7);
    CHECK(counter.reserve_async(3, {}, use_future).get().last() == 10);
    auto watch = counter.watch();
    CHECK(watch.next_async({}, use_future).get() == 10);
    CHECK(fails(Status::timeout, watch.next_async(50ms, use_future)));
    auto striped = client.striped_counter("/striped");
    striped.add(4);
    striped.flush_async({}, use_future).get();
    CHECK(striped.sum_async({}, use_future).get() == 4);
    auto window = client.window_counter("/window");
    CHECK(window.add_async(2, {}, use_future).get() == 2 && window.count_async({}, use_future).get() == 2);
    auto limiter = client.rate_limiter("/limit", 2, 1h);
    limiter.acquire_async(1, {}, use_future).get();
    CHECK(limiter.try_acquire_async(1, use_future).get() && !limiter.try_acquire_async(1, use_future).get());
    auto misses = client.miss_guard("/misses", zkcoord::MissGuardOptions().threshold(1));
    misses.begin_async("key", {}, use_future).get()->found_async({}, use_future).get();
    misses.begin_async("key", {}, use_future).get()->missed_async({}, use_future).get();
    CHECK(!misses.begin_async("key", {}, use_future).get());
    misses.forget_async("key", {}, use_future).get();
    client.close_async({}, use_future).get();
    CHECK(fails(Status::closed, counter.add_async(1, {}, use_future)));
}

static void states_values_and_the_log_are_reported() {
    auto client = Client::connect(hosts);
    auto counter = client.counter("/followed");
    auto owned = std::make_shared<int>(0);
    std::atomic<std::int64_t> last{-1};
    std::atomic<int> closed{0}, lines{0};
    {
        const auto values = counter.on_change([&last, owned](Outcome<std::int64_t> value) { last = value.get(); });
        EVENTUALLY(last == 0);
        counter.set(7);
        EVENTUALLY(last == 7);
    }
    EVENTUALLY(owned.use_count() == 1);
    counter.set(8);
    CHECK(last == 7);
    zkcoord::set_log(zkcoord::LogLevel::warn, [&lines, owned](zkcoord::LogLevel level, const std::string &line) {
        if (line.find("lock lost") != std::string::npos) lines += level == zkcoord::LogLevel::warn;
    });
    auto guard = client.mutex("/lost").acquire();
    CHECK(observe("delete", guard.node().c_str(), "") == 0);
    EVENTUALLY(lines == 1);
    zkcoord::set_log(zkcoord::LogLevel::off, nullptr);
    EVENTUALLY(owned.use_count() == 1);
    const auto states = client.on_state([&closed, owned](zkcoord::State state) {
        closed += state == zkcoord::State::closed;
        throw std::runtime_error("from a callback");
    });
    client.close();
    EVENTUALLY(closed == 1 && owned.use_count() == 1);
    CHECK(throws(Status::invalid_argument, [&] { (void)client.on_state({}); }));
    CHECK(throws(Status::invalid_argument, [&] { (void)counter.on_change({}); }));
}

static void a_shared_lock_shares() {
    auto client = Client::connect(hosts), other = Client::connect(hosts);
    auto mine = client.rw_lock("/shared"), theirs = other.rw_lock("/shared");
    {
        std::shared_lock reading{mine}, reading_too{theirs, 5s};
        CHECK(reading_too.owns_lock() && !theirs.try_lock());
        std::unique_lock writing{theirs, std::defer_lock};
        CHECK(throws(Status::would_deadlock, [&] { writing.lock(); }));
    }
    std::unique_lock writing{mine, 5s};
    CHECK(writing.owns_lock() && !theirs.try_lock_shared() && !theirs.try_lock_shared_for(50ms));
    CHECK(!theirs.try_lock_until(std::chrono::steady_clock::now() + 50ms));
    CHECK(!theirs.try_lock_shared_until(std::chrono::steady_clock::now() + 50ms));
}

static void a_scoped_lock_acquires_several_in_any_order() {
    auto client = Client::connect(hosts);
    auto first = client.mutex("/scoped-1"), second = client.mutex("/scoped-2");
    int done = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++) {
        threads.emplace_back([&, i] {
            for (int j = 0; j < 3; j++) {
                if (i % 2) {
                    std::scoped_lock both{first, second};
                    done++;
                } else {
                    std::scoped_lock both{second, first};
                    done++;
                }
            }
        });
    }
    for (auto &thread : threads) thread.join();
    CHECK(done == 12);
    auto both = client.multi_mutex({"/scoped-1", "/scoped-2"});
    std::unique_lock lock{both, 5s};
    CHECK(lock.owns_lock() && both.locked()->tokens().size() == 2 && !both.try_lock() && !first.try_lock());
}

#if defined(__cpp_lib_jthread)

static void a_stop_request_ends_a_wait() {
    auto client = Client::connect(hosts), other = Client::connect(hosts);
    auto mutex = client.mutex("/stop"), theirs = other.mutex("/stop");
    auto guard = mutex.acquire(5s);
    std::stop_source source;
    std::thread stopper([&] {
        EVENTUALLY(mutex.inspect().contenders.size() == 2);
        source.request_stop();
    });
    CHECK(throws(Status::cancelled, [&] { (void)theirs.acquire(source.get_token(), 30s); }));
    stopper.join();
    EVENTUALLY(mutex.inspect().contenders.size() == 1);
    CHECK(throws(Status::cancelled, [&] { (void)theirs.acquire(source.get_token()); }));
    std::stop_source unused;
    const auto token = unused.get_token();
    CHECK(throws(Status::timeout, [&] { (void)theirs.acquire(token, 50ms); }));
    CHECK(mutex.inspect().contenders.size() == 1);
    guard.release();
    auto granted = theirs.acquire(token, 5s);
    CHECK(granted.is_held());
    granted.release();
    CHECK(theirs.acquire(granted.lost()).is_held());
}

static void a_jthread_is_stopped_in_every_wait() {
    auto client = Client::connect(hosts), other = Client::connect(hosts);
    auto guard = client.mutex("/j").acquire();
    auto permits = client.semaphore("/j-permits", 1);
    auto permit = permits.acquire();
    auto limiter = client.rate_limiter("/j-limit", 1, 1h);
    limiter.acquire();
    auto misses = client.miss_guard("/j-misses");
    auto turn = misses.begin("key");
    auto counter = client.counter("/j-counter");
    const auto ends = [](auto body) {
        std::promise<bool> ended;
        {
            std::jthread thread(
                [&](std::stop_token stop) { ended.set_value(throws(Status::cancelled, [&] { body(stop); })); });
        }
        return ended.get_future().get();
    };
    CHECK(ends([&](auto stop) { (void)other.mutex("/j").acquire(stop); }));
    CHECK(ends([&](auto stop) { (void)other.reentrant_mutex("/j").acquire(stop); }));
    CHECK(ends([&](auto stop) { (void)other.multi_mutex({"/j", "/k"}).acquire(stop, 1min); }));
    CHECK(ends([&](auto stop) { (void)other.semaphore("/j-permits", 1).acquire(stop, 1); }));
    CHECK(ends([&](auto stop) { limiter.acquire(stop, 1); }));
    CHECK(ends([&](auto stop) { (void)misses.begin(stop, "key"); }));
    CHECK(ends([&](auto stop) {
        auto watch = counter.watch();
        (void)watch.next(stop);
        (void)watch.next(stop);
    }));
}

static void a_wait_with_a_stop_token_in_a_callback_is_refused() {
    auto client = Client::connect(hosts);
    auto mutex = client.mutex("/callback-stop");
    std::promise<bool> refused;
    std::stop_source source;
    client.counter("/callback-stop-counter").get_async({}, [&](auto) {
        refused.set_value(throws(Status::would_deadlock, [&] { (void)mutex.acquire(source.get_token()); }));
    });
    CHECK(refused.get_future().get());
    EVENTUALLY(mutex.inspect().contenders.empty());
}

#endif

int main() {
    set_up("wrapper-async");
    RUN(a_callback_gets_the_outcome);
    RUN(a_cancelled_call_leaves_no_node);
    RUN(callbacks_are_destroyed_and_may_throw);
    RUN(a_thousand_adds_are_counted);
    RUN(every_waiting_call_has_an_asynchronous_one);
    RUN(states_values_and_the_log_are_reported);
    RUN(a_shared_lock_shares);
    RUN(a_scoped_lock_acquires_several_in_any_order);
#if defined(__cpp_lib_jthread)
    RUN(a_stop_request_ends_a_wait);
    RUN(a_jthread_is_stopped_in_every_wait);
    RUN(a_wait_with_a_stop_token_in_a_callback_is_refused);
#endif
    return finish();
}
