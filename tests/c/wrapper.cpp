// zkcoord.hpp, under C++17 and C++20.
#include "zkcoord.hpp"

#include <atomic>
#include <cstring>
#include <future>
#include <vector>

extern "C" {
#include "support.h"
}
#include "wrapper.hpp"

using namespace std::chrono_literals;
using zkcoord::Client;
using zkcoord::Status;

static_assert(std::is_nothrow_move_constructible_v<zkcoord::Guard> && !std::is_copy_constructible_v<zkcoord::Guard>);
static_assert(std::is_nothrow_move_constructible_v<Client> && !std::is_copy_constructible_v<Client>);
static_assert(std::is_move_assignable_v<zkcoord::Mutex> && std::is_move_assignable_v<zkcoord::Counter>);

// Whether the body throws an Error of that status.
template <class Body> static bool throws(Status status, Body body) {
    try {
        body();
        return false;
    } catch (const zkcoord::Error &error) {
        if (error.status() != status) std::fprintf(stderr, "threw %s\n", error.what());
        return error.status() == status && error.code() == status;
    }
}

static void lose(zkcoord::Guard &guard) {
    CHECK(observe("delete", guard.node().c_str(), "") == 0);
    EVENTUALLY(!guard.is_held());
}

static void a_guard_lives_for_its_scope() {
    auto client = Client::connect(hosts);
    auto other = Client::connect(hosts);
    auto mutex = client.mutex("/scope");
    auto theirs = other.mutex("/scope");
    std::uint64_t token = 0;
    {
        auto guard = mutex.acquire(5s);
        token = guard.token();
        CHECK(token > 0 && guard.is_held() && guard.node().rfind("/scope/", 0) == 0);
        guard.check();
        CHECK(!theirs.try_acquire());
        auto moved = std::move(guard);
        CHECK(moved.is_held() && moved.token() == token);
    }
    auto next = theirs.acquire(5s);
    CHECK(next.token() > token);
    next.release();
    next.release(1s);
    CHECK(throws(Status::lock_lost, [&] { next.check(); }));
    auto tried = mutex.try_acquire();
    CHECK(tried && tried->token() > next.token());
}

static void errors_are_those_of_the_standard() {
    auto client = Client::connect(hosts);
    auto mutex = client.mutex("/errors");
    auto guard = mutex.acquire();
    const auto start = now_ms();
    try {
        auto none = mutex.acquire(500ms);
        CHECK(!"a second guard");
    } catch (const std::system_error &error) {
        CHECK(now_ms() - start >= 500);
        CHECK(error.code() == std::errc::timed_out);
        CHECK(error.code() == Status::timeout && error.code() != Status::closed);
        CHECK(std::strstr(error.what(), "/errors") != nullptr);
        CHECK(std::strcmp(error.code().category().name(), "zkcoord") == 0);
        CHECK(&error.code().category() == &category_of_the_other_file());
    }
    const auto is = [](Status status, std::errc condition) { return make_error_code(status) == condition; };
    CHECK(is(Status::cancelled, std::errc::operation_canceled));
    CHECK(is(Status::connection_lost, std::errc::not_connected));
    CHECK(is(Status::not_authorized, std::errc::permission_denied));
    CHECK(is(Status::invalid_argument, std::errc::invalid_argument));
    CHECK(is(Status::overflow, std::errc::result_out_of_range));
    CHECK(is(Status::would_deadlock, std::errc::resource_deadlock_would_occur));
    CHECK(is(Status::unsupported, std::errc::not_supported));
    CHECK(!is(Status::lock_lost, std::errc::timed_out));
    CHECK(make_error_code(Status::lock_lost).message() == "LOCK_LOST");
}

static void arguments_are_checked() {
    auto client = Client::connect(hosts);
    CHECK(throws(Status::invalid_argument, [&] { (void)client.mutex("no/slash"); }));
    CHECK(throws(Status::invalid_argument, [&] { (void)client.counter(""); }));
    CHECK(throws(Status::invalid_argument, [&] { (void)client.mutex(std::string("/a\0b", 4)); }));
    CHECK(throws(Status::invalid_argument, [&] { (void)client.mutex("/\xff"); }));
    CHECK(throws(Status::invalid_argument, [] { (void)Client::connect("a:b:c"); }));
    CHECK(throws(Status::invalid_argument, [] { zkcoord::Options().acl("none"); }));
    CHECK(throws(Status::invalid_argument, [] { zkcoord::Options().session_timeout({}); }));
    CHECK(throws(Status::invalid_argument, [&] { client.mutex("/empty").acquire().on_lost(nullptr); }));
    CHECK(throws(Status::connection_lost,
                 [] { (void)Client::connect("127.0.0.1:1", zkcoord::Options().connect_timeout(300ms)); }));
}

static void options_and_state() {
    auto options = zkcoord::Options();
    options.session_timeout(4s).connect_timeout(5s).identity("w\xc3\xb6rker").auth("digest", "a:b").acl("read");
    auto client = Client::connect(hosts, options);
    CHECK(client.state() == zkcoord::State::connected);
    CHECK(client.session_id() != 0);
    CHECK(client.session_timeout() >= 500ms && client.session_timeout() <= 40s);
    auto mutex = client.mutex("/state");
    client.close(5s);
    client.close();
    CHECK(client.state() == zkcoord::State::closed);
    CHECK(throws(Status::closed, [&] { (void)mutex.acquire(); }));
}

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
    CHECK(count_in_the_other_file(client, "/count-2") == 1);
}

static void timeouts_are_rounded_up_and_bounded() {
    const auto ms = [](zkcoord::Timeout timeout) { return timeout.milliseconds(); };
    CHECK(ms({}) == -1);
    CHECK(ms(5s) == 5000 && ms(1ns) == 1 && ms(1001us) == 2 && ms(0s) == 0 && ms(-1h) == 0);
    CHECK(ms(std::chrono::duration<double>(0.0001)) == 1 && ms(std::chrono::duration<float>(1.5f)) == 1500);
    CHECK(ms(std::chrono::hours::max()) == INT64_MAX && ms(std::chrono::hours::min()) == 0);
    CHECK(ms(std::chrono::milliseconds::max()) == INT64_MAX);
    CHECK(ms(std::chrono::nanoseconds::max()) == INT64_MAX / 1000000 + 1);
    auto client = Client::connect(hosts);
    auto guard = client.mutex("/huge").acquire(std::chrono::hours::max());
    guard.release(std::chrono::hours::max());
}

static void the_standards_locks_work() {
    auto client = Client::connect(hosts), other = Client::connect(hosts);
    auto mutex = client.mutex("/lockable"), theirs = other.mutex("/lockable");
    auto second = client.mutex("/lockable-2");
    {
        std::unique_lock lock{mutex, 5s};
        CHECK(lock.owns_lock() && mutex.locked() != nullptr && mutex.locked()->is_held());
        CHECK(throws(Status::would_deadlock, [&] { mutex.lock(); }));
        CHECK(!mutex.try_lock() && !mutex.try_lock_for(1s));
        CHECK(!theirs.try_lock() && !theirs.try_lock_for(100ms));
        CHECK(!theirs.try_lock_until(std::chrono::steady_clock::now() + 100ms));
        CHECK(!theirs.try_lock_until(std::chrono::system_clock::now() - 1h));
        std::unique_lock late{theirs, 100ms};
        CHECK(!late.owns_lock());
    }
    CHECK(mutex.locked() == nullptr);
    {
        std::scoped_lock both{theirs, second};
        CHECK(!mutex.try_lock());
    }
    CHECK(mutex.try_lock_for(5s));
    mutex.unlock();
    mutex.unlock();  // nothing to unlock: nothing happens
}

static void threads_share_a_mutex() {
    auto client = Client::connect(hosts);
    auto mutex = client.mutex("/threads");
    int in_it = 0, done = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++) {
        threads.emplace_back([&] {
            for (int j = 0; j < 5; j++) {
                std::unique_lock lock{mutex, 30s};
                CHECK(lock.owns_lock() && ++in_it == 1);
                in_it--, done++;
            }
        });
    }
    for (auto &thread : threads) thread.join();
    CHECK(done == 20);
}

static void a_loss_is_told() {
    auto client = Client::connect(hosts);
    auto mutex = client.mutex("/loss");
    auto guard = mutex.acquire(5s);
    std::atomic<int> told{0};
    auto owned = std::make_shared<int>(0);
    guard.on_lost([&told, owned] { told++; });
    guard.on_lost([] { throw std::runtime_error("from a callback"); });
    std::promise<bool> refused;
    guard.on_lost([&] { refused.set_value(throws(Status::would_deadlock, [&] { (void)mutex.acquire(); })); });
#if defined(__cpp_lib_jthread)
    const auto token = guard.lost();
    CHECK(token == guard.lost() && !token.stop_requested());
#endif
    lose(guard);
    CHECK(refused.get_future().get());
    EVENTUALLY(told == 1 && owned.use_count() == 1);
#if defined(__cpp_lib_jthread)
    EVENTUALLY(token.stop_requested());
#endif
    CHECK(throws(Status::lock_lost, [&] { guard.check(); }));
}

static void a_release_tells_nobody() {
    auto client = Client::connect(hosts);
    auto owned = std::make_shared<int>(0);
    std::atomic<int> told{0};
    {
        auto guard = client.mutex("/quiet").acquire(5s);
        guard.on_lost([&told, owned] { told++; });
#if defined(__cpp_lib_jthread)
        CHECK(guard.lost().stop_possible());
#endif
    }
    EVENTUALLY(owned.use_count() == 1);
    CHECK(told == 0);
}

static void a_child_is_refused() {
    auto client = Client::connect(hosts);
    auto mutex = client.mutex("/forked");
    auto guard = mutex.acquire(5s);
    const auto child = fork();
    if (child == 0) {
        alarm(30);
        bool good = throws(Status::forked, [&] { (void)mutex.acquire(); });
        good = good && throws(Status::forked, [&] { guard.on_lost([] {}); });
        { auto freed = std::move(guard); }
        _exit(good && !Client::connect(hosts).mutex("/forked").try_acquire() ? 0 : 1);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    guard.check();
    CHECK(!Client::connect(hosts).mutex("/forked").try_acquire());
}

int main() {
    set_up("wrapper");
    RUN(a_guard_lives_for_its_scope);
    RUN(errors_are_those_of_the_standard);
    RUN(arguments_are_checked);
    RUN(options_and_state);
    RUN(counters_count);
    RUN(timeouts_are_rounded_up_and_bounded);
    RUN(the_standards_locks_work);
    RUN(threads_share_a_mutex);
    RUN(a_loss_is_told);
    RUN(a_release_tells_nobody);
    RUN(a_child_is_refused);
    return finish();
}
