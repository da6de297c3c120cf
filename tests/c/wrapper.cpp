// zkcoord.hpp, under C++17 and C++20.
#include "zkcoord.hpp"

#include <atomic>
#include <cstring>
#include <future>
#include <vector>

#include "wrapper.hpp"
#include "wrapper_other.hpp"

using namespace std::chrono_literals;
using zkcoord::Client;
using zkcoord::Status;

static_assert(std::is_nothrow_move_constructible_v<zkcoord::Guard> && !std::is_copy_constructible_v<zkcoord::Guard>);
static_assert(std::is_nothrow_move_constructible_v<Client> && !std::is_copy_constructible_v<Client>);
static_assert(std::is_move_assignable_v<zkcoord::Mutex> && std::is_move_assignable_v<zkcoord::Counter>);
static_assert(std::is_nothrow_move_constructible_v<zkcoord::RwLock> && std::is_move_assignable_v<zkcoord::Semaphore>);
static_assert(std::is_nothrow_move_constructible_v<zkcoord::WaitStats> &&
              std::is_move_assignable_v<zkcoord::MultiMutex>);

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

static void errors_are_equivalent_to_the_standards() {
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
        CHECK(count_in_the_other_file(client, "/errors-counter") == 1);
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
    CHECK(throws(Status::invalid_argument, [&] { client.mutex("/empty").acquire().on_revoke(nullptr); }));
    CHECK(throws(Status::invalid_argument, [&] { (void)client.rw_lock("/rw/", zkcoord::Scheme::kazoo); }));
    CHECK(throws(Status::invalid_argument, [&] { (void)client.multi_mutex({}); }));
    CHECK(throws(Status::invalid_argument, [&] { (void)client.multi_mutex({"/a", "b"}); }));
    CHECK(throws(Status::invalid_argument, [&] { (void)client.multi_mutex({"/a", std::string("/b\0c", 4)}); }));
    CHECK(throws(Status::invalid_argument, [&] { (void)client.semaphore("/s", 0); }));
    CHECK(throws(Status::invalid_argument, [&] { (void)client.semaphore("/s", -1); }));
    CHECK(throws(Status::invalid_argument, [&] { (void)client.semaphore("/s", 1).acquire(2); }));
    CHECK(throws(Status::invalid_argument, [&] { (void)client.request_revoke("node"); }));
    CHECK(throws(Status::connection_lost,
                 [] { (void)Client::connect("127.0.0.1:1", zkcoord::Options().connect_timeout(300ms)); }));
}

static void options_apply_and_a_state_is_returned() {
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
        std::unique_lock second_lock{theirs, 100ms};
        CHECK(!second_lock.owns_lock());
    }
    CHECK(mutex.locked() == nullptr);
    {
        std::scoped_lock both{theirs, second};
        CHECK(!mutex.try_lock());
    }
    CHECK(mutex.try_lock_for(5s));
    mutex.unlock();
    mutex.unlock();  // has no effect, because nothing is locked
}

static void threads_share_a_mutex() {
    auto client = Client::connect(hosts);
    auto mutex = client.mutex("/threads");
    int holders = 0, done = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++) {
        threads.emplace_back([&] {
            for (int j = 0; j < 5; j++) {
                std::unique_lock lock{mutex, 30s};
                CHECK(lock.owns_lock() && ++holders == 1);
                holders--, done++;
            }
        });
    }
    for (auto &thread : threads) thread.join();
    CHECK(done == 20);
}

static void a_loss_is_reported() {
    auto client = Client::connect(hosts);
    auto mutex = client.mutex("/loss");
    auto guard = mutex.acquire(5s);
    std::atomic<int> calls{0};
    auto owned = std::make_shared<int>(0);
    guard.on_lost([&calls, owned] { calls++; });
    guard.on_lost([] { throw std::runtime_error("from a callback"); });
    std::promise<bool> refused;
    guard.on_lost([&] { refused.set_value(throws(Status::would_deadlock, [&] { (void)mutex.acquire(); })); });
#if defined(__cpp_lib_jthread)
    const auto token = guard.lost();
    CHECK(token == guard.lost() && !token.stop_requested());
#endif
    lose(guard);
    CHECK(refused.get_future().get());
    EVENTUALLY(calls == 1 && owned.use_count() == 1);
#if defined(__cpp_lib_jthread)
    EVENTUALLY(token.stop_requested());
#endif
    CHECK(throws(Status::lock_lost, [&] { guard.check(); }));
}

static void schemes_determine_the_node_names() {
    auto client = Client::connect(hosts);
    const auto named = [](zkcoord::Guard guard, const char *text) {
        return guard.node().find(text) != std::string::npos;
    };
    CHECK(named(client.mutex("/s-1").acquire(5s), "-lock-"));
    CHECK(named(client.mutex("/s-2", zkcoord::Scheme::kazoo).acquire(5s), "__lock__"));
    CHECK(named(client.rw_lock("/s-3").read().acquire(5s), "__READ__"));
    CHECK(named(client.rw_lock("/s-4", zkcoord::Scheme::kazoo).read().acquire(5s), "__rlock__"));
    CHECK(named(client.multi_mutex({"/s-5"}, zkcoord::Scheme::kazoo).acquire(5s), "__lock__"));
}

static void an_owner_acquires_again_at_once() {
    auto client = Client::connect(hosts), other = Client::connect(hosts);
    auto mine = client.reentrant_mutex("/again"), theirs = other.reentrant_mutex("/again", zkcoord::Scheme::kazoo);
    {
        auto outer = mine.acquire(5s), inner = mine.acquire(0s);
        CHECK(inner.token() == outer.token() && mine.inspect().contenders.size() == 1);
        outer.release();
        CHECK(inner.is_held() && mine.try_acquire() && !theirs.try_acquire());
        CHECK(throws(Status::would_deadlock, [&] { (void)client.mutex("/again").acquire(); }));
        CHECK(mine.stats().count() == 2);
    }
    {
        std::unique_lock outer{theirs, 5s}, inner{theirs};
        CHECK(outer && inner && theirs.locked() != nullptr && theirs.try_lock_for(0s));
        theirs.unlock();
        inner.unlock();
        CHECK(theirs.locked() != nullptr && !mine.try_lock());
    }
    CHECK(theirs.locked() == nullptr && mine.try_lock_for(5s));
    mine.unlock();
}

static void readers_share_and_a_writer_does_not() {
    auto client = Client::connect(hosts), other = Client::connect(hosts);
    auto mine = client.rw_lock("/rw"), theirs = other.rw_lock("/rw");
    {
        auto reading = mine.read().acquire(5s), reading_too = theirs.read().acquire(5s);
        CHECK(!theirs.write().try_acquire());
        CHECK(throws(Status::would_deadlock, [&] { (void)mine.write().acquire(); }));
        reading_too.release();
        CHECK(throws(Status::timeout, [&] { (void)theirs.write().acquire(200ms); }));
        reading_too = theirs.read().acquire(5s);
        CHECK(mine.read().inspect().contenders.size() == 2 && mine.read().inspect().contenders[1].is_reader);
    }
    std::unique_lock writing{mine.write(), 5s};
    CHECK(writing.owns_lock() && !theirs.read().try_lock());
    CHECK(mine.write().stats().count() == 1 && theirs.write().stats().timeouts() == 1);
    auto moved = std::move(mine);
    CHECK(moved.write().locked() != nullptr);
    writing.release();
    CHECK(moved.read().try_lock() && !theirs.read().try_lock());
    moved.write().unlock();
    CHECK(theirs.read().try_lock_for(5s) && !theirs.write().try_lock());
    moved.read().unlock();
    theirs.read().unlock();
}

static void a_mutex_is_handed_over() {
    auto client = Client::connect(hosts);
    auto mutex = client.mutex("/handed", zkcoord::MutexOptions().handoff(10));
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++) {
        threads.emplace_back([&] {
            for (int j = 0; j < 5; j++) std::unique_lock lock{mutex, 30s};
        });
    }
    for (auto &thread : threads) thread.join();
    CHECK(mutex.stats().count() == 20 && mutex.stats().holds().count == 20 && mutex.stats().holds().mean > 0s);
    CHECK(throws(Status::invalid_argument, [] { zkcoord::MutexOptions().handoff(-1); }));
    CHECK(throws(Status::invalid_argument, [&] { (void)client.rw_lock("/rw", zkcoord::MutexOptions().handoff(1)); }));
}

static void a_multi_mutex_acquires_all_or_none() {
    auto client = Client::connect(hosts), other = Client::connect(hosts);
    const std::vector<std::string> paths{"/multi-2", "/multi-1"};
    auto both = client.multi_mutex(paths);
    auto one = other.mutex("/multi-1");
    {
        auto guard = both.acquire(5s);
        CHECK(guard.is_held() && guard.node().rfind("/multi-1/", 0) == 0 && !one.try_acquire());
        const auto tokens = guard.tokens();
        CHECK(tokens.size() == 2 && tokens[0].node == guard.node() && tokens[0].token == guard.token());
        CHECK(tokens[1].node.rfind("/multi-2/", 0) == 0 && tokens[1].token > tokens[0].token);
        CHECK(!other.multi_mutex({"/multi-1", "/multi-2"}).try_acquire());
        guard.release();
    }
    auto held = one.acquire(5s);
    CHECK(!both.try_acquire() && throws(Status::timeout, [&] { (void)both.acquire(100ms); }));
    CHECK(both.stats().count() == 1 && both.stats().timeouts() == 1);
}

static void permits_are_counted() {
    auto client = Client::connect(hosts), other = Client::connect(hosts);
    auto mine = client.semaphore("/permits", 2), theirs = other.semaphore("/permits", 2);
    auto first = mine.acquire();
    CHECK(!theirs.try_acquire(2) && throws(Status::timeout, [&] { (void)theirs.acquire(2, 200ms); }));
    auto second = theirs.try_acquire();
    CHECK(second && second->token() > first.token() && !mine.try_acquire());
    first.release();
    second->release();
    auto all = mine.acquire(2, 5s);
    CHECK(all.is_held() && mine.stats().count() == 2 && theirs.stats().timeouts() == 1);
}

static void a_guard_writes_while_it_is_held() {
    auto client = Client::connect(hosts);
    auto guard = client.mutex("/writes").acquire(5s);
    guard.create("/written", std::string("a\0b", 3));
    guard.set_data("/written", "second", 0);
    CHECK(observe("holds", "/written", "second") == 0);
    CHECK(throws(Status::invalid_argument, [&] { guard.set_data("/written", "third", 0, 5s); }));
    CHECK(throws(Status::invalid_argument, [&] { guard.remove("/written", 0); }));
    CHECK(throws(Status::invalid_argument, [&] { guard.create("/written"); }));
    guard.remove("/written", {}, 5s);
    guard.create("/kept", "first");
    lose(guard);
    CHECK(throws(Status::lock_lost, [&] { guard.set_data("/kept", "second"); }));
    CHECK(throws(Status::lock_lost, [&] { guard.remove("/kept"); }));
    CHECK(throws(Status::lock_lost, [&] { guard.create("/not-made"); }));
    CHECK(observe("holds", "/kept", "first") == 0);
}

static void a_revoke_request_reaches_the_holder() {
    auto client = Client::connect(hosts), other = Client::connect(hosts);
    auto guard = client.mutex("/asked").acquire(5s);
    auto owned = std::make_shared<int>(0);
    std::atomic<int> calls{0};
    guard.on_revoke([&calls, owned] { calls++; });
    guard.on_revoke([] { throw std::runtime_error("from a callback"); });
    CHECK(!guard.is_revoke_requested());
    const auto queue = other.mutex("/asked").inspect(5s);
    CHECK(queue.contenders.size() == 1 && queue.contenders[0].node == guard.node());
    CHECK(other.request_revoke(queue.contenders[0].node, 5s));
    EVENTUALLY(calls == 1 && owned.use_count() == 1);
    CHECK(guard.is_revoke_requested() && guard.is_held());
    guard.release();
    CHECK(!other.request_revoke(guard.node()));
}

static void a_queue_is_inspected() {
    auto client = Client::connect(hosts, zkcoord::Options().identity("w\xc3\xb6rker"));
    auto mutex = client.mutex("/queue");
    CHECK(mutex.inspect().contenders.empty());
    auto guard = mutex.acquire(5s);
    CHECK(observe("create", "/queue/0123456789ab4def0123456789abcdef__lock__0000000007", "them") == 0);
    const auto queue = mutex.inspect();
    CHECK(queue.contenders.size() == 2 && queue.warnings.size() == 1);
    const auto &first = queue.contenders[0], &second = queue.contenders[1];
    CHECK(first.node == guard.node() && first.identity == "w\xc3\xb6rker" && first.library == "zkcoord");
    CHECK(first.is_holder && !first.is_reader && first.session_id == client.session_id());
    const auto age = std::chrono::system_clock::now() - first.waiting_since;
    CHECK(age > -1min && age < 1min);
    CHECK(second.identity == "them" && second.library == "kazoo" && !second.is_holder && second.session_id == 0);
}

static void waits_are_counted_in_the_statistics() {
    auto client = Client::connect(hosts);
    auto mutex = client.mutex("/waits");
    CHECK(mutex.stats().count() == 0 && mutex.stats().mean() == 0s);
    for (int i = 0; i < 3; i++) {
        CHECK(i > 1 || !mutex.stats().success_probability({}));
        mutex.acquire(5s).release();
    }
    const auto stats = mutex.stats();
    CHECK(stats.count() == 3 && stats.timeouts() == 0);
    CHECK(stats.mean() > 0s && stats.mean() < 5s && stats.stddev() > 0s && stats.p50() <= stats.p99());
    CHECK(stats.success_probability({}) == 1.0 && stats.success_probability(1min) > 0.99);
    CHECK(stats.success_probability(0s) < stats.success_probability(1min));
}

static void a_release_does_not_call_on_lost() {
    auto client = Client::connect(hosts);
    auto owned = std::make_shared<int>(0);
    std::atomic<int> calls{0};
    {
        auto guard = client.mutex("/quiet").acquire(5s);
        guard.on_lost([&calls, owned] { calls++; });
#if defined(__cpp_lib_jthread)
        CHECK(guard.lost().stop_possible());
#endif
    }
    EVENTUALLY(owned.use_count() == 1);
    CHECK(calls == 0);
}

static void calls_in_a_child_are_refused() {
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
    RUN(errors_are_equivalent_to_the_standards);
    RUN(arguments_are_checked);
    RUN(options_apply_and_a_state_is_returned);
    RUN(timeouts_are_rounded_up_and_bounded);
    RUN(the_standards_locks_work);
    RUN(threads_share_a_mutex);
    RUN(a_loss_is_reported);
    RUN(schemes_determine_the_node_names);
    RUN(an_owner_acquires_again_at_once);
    RUN(readers_share_and_a_writer_does_not);
    RUN(a_mutex_is_handed_over);
    RUN(a_multi_mutex_acquires_all_or_none);
    RUN(permits_are_counted);
    RUN(a_guard_writes_while_it_is_held);
    RUN(a_revoke_request_reaches_the_holder);
    RUN(a_queue_is_inspected);
    RUN(waits_are_counted_in_the_statistics);
    RUN(a_release_does_not_call_on_lost);
    RUN(calls_in_a_child_are_refused);
    return finish();
}
