/**
 * @file zkcoord.hpp
 * zkcoord for C++17 and later: distributed locks and counters over ZooKeeper. Header-only, over zkcoord.h.
 *
 *     auto client = zkcoord::Client::connect("zk1:2181,zk2:2181/app");
 *     auto mutex = client.mutex("/locks/report");
 *     {
 *         auto guard = mutex.acquire(5s);     // throws zkcoord::Error, code() == std::errc::timed_out
 *         write_report(guard.token());
 *     }                                       // given back here
 *     { std::unique_lock lock{mutex, 5s}; }   // the standard's guards work too
 *     auto slot = client.semaphore("/limits/downloads", 10).acquire();
 *     auto jobs = client.counter("/counters/jobs", zkcoord::CounterOptions().min(0)).add(3);
 *     client.rate_limiter("/limits/api", 100, 1s).acquire();
 *     auto user = client.miss_guard("/misses/users").load("user-42", query);
 *     std::future<std::int64_t> hits = client.counter("/counters/hits").add_async(1, 5s, zkcoord::use_future);
 *
 * Objects    Move-only owners of what zkcoord.h makes. They may be destroyed in any order, and no destructor waits. An
 *            object that was moved from may only be destroyed or assigned to.
 * Errors     Everything that fails throws zkcoord::Error.
 * Time       std::chrono. Without a timeout a call waits for ever; zero or less tries once.
 * Threads    May use an object at the same time, by const and other member functions alike; but for options, and for
 *            Guard::lost(), assignment and destruction.
 * Async      Every call that waits has a twin with a callback or a std::future; see zkcoord/async.hpp. In C++20 the calls
 *            that wait for others also take a std::stop_token, and Guard::lost() is one.
 * Options    Are set in the call, `client.mutex(path, zkcoord::MutexOptions().handoff(10))`, or one after another on an object.
 * fork()     In the child every call throws with zkcoord::Status::forked, and destructors leave the parent's locks alone.
 */
#ifndef ZKCOORD_HPP
#define ZKCOORD_HPP

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "zkcoord/async.hpp"
#include "zkcoord/base.hpp"
#include "zkcoord/counters.hpp"
#include "zkcoord/limits.hpp"
#include "zkcoord/locks.hpp"

namespace zkcoord {

/** Options of Client::connect: `Options().session_timeout(4s).identity("worker 7")`. */
class Options : public detail::Settings<Options, zkcoord_options, zkcoord_options_free> {
public:
    Options() : Settings(zkcoord_options_new()) {}

    /** How long the servers keep the session, and with it its locks, when they hear nothing of the client. Default 10 s. */
    Options &session_timeout(Timeout timeout) {
        return set(zkcoord_options_set_session_timeout, timeout.milliseconds());
    }

    /** How long connecting may take. Default 10 s; Timeout() is for ever. */
    Options &connect_timeout(Timeout timeout) {
        return set(zkcoord_options_set_connect_timeout, timeout.milliseconds());
    }

    /** The text by which others see the client in a queue. Default "host:pid". */
    Options &identity(const std::string &identity) {
        return set(zkcoord_options_set_identity, detail::text("identity", identity));
    }

    /** Authenticates, like ("digest", "user:password"). May be called several times. */
    Options &auth(const std::string &scheme, const std::string &data) {
        return set(zkcoord_options_add_auth, detail::text("scheme", scheme), detail::bytes(data), data.size());
    }

    /**
     * Encrypts connections; every tls_...() does so too. Client::connect throws Status::invalid_argument for files that cannot
     * be used, and Status::connection_lost, with the reason, when TLS fails with all servers. Files are read again for every
     * new connection.
     */
    Options &tls(bool enabled = true) { return set(zkcoord_options_set_tls, enabled); }

    /** The PEM file with the authorities that are trusted, and only they. Default: the system's. */
    Options &tls_ca(const std::string &file) { return set(zkcoord_options_set_tls_ca, detail::text("file", file)); }

    /** The PEM file with the certificate that is shown to servers. Needs tls_key(). */
    Options &tls_cert(const std::string &file) { return set(zkcoord_options_set_tls_cert, detail::text("file", file)); }

    /** The PEM file with the private key to the certificate, not encrypted. */
    Options &tls_key(const std::string &file) { return set(zkcoord_options_set_tls_key, detail::text("file", file)); }

    /** Whether a server's certificate must be one for the host that was named. Default true. */
    Options &tls_verify_hostname(bool verify) { return set(zkcoord_options_set_tls_verify_hostname, verify); }

    /** Who may touch the nodes that the client makes: "open" (the default), "creator" or "read". */
    Options &acl(const std::string &name) { return set(zkcoord_options_set_acl, detail::text("acl", name)); }
};

/** What a client stands on. */
enum class State {
    closed = ZKCOORD_STATE_CLOSED,
    connected = ZKCOORD_STATE_CONNECTED,
    suspended = ZKCOORD_STATE_SUSPENDED,
    expired = ZKCOORD_STATE_EXPIRED,
};

/** How much a line of the log matters. */
enum class LogLevel {
    off = ZKCOORD_LOG_LEVEL_OFF,
    error = ZKCOORD_LOG_LEVEL_ERROR,
    warn = ZKCOORD_LOG_LEVEL_WARN,
    info = ZKCOORD_LOG_LEVEL_INFO,
    debug = ZKCOORD_LOG_LEVEL_DEBUG,
};

/**
 * Has `tell` called with what zkcoord has to say of all clients of the process, down to a level, in place of whom was called
 * before. With LogLevel::off, or no function, nobody is called. See zkcoord_set_log(), and zkcoord/async.hpp for what a
 * callback may do.
 */
inline void set_log(LogLevel level, std::function<void(LogLevel, const std::string &)> tell) {
    if (!tell) return detail::call(zkcoord_set_log, std::int32_t(level), nullptr, nullptr, nullptr);
    auto call = [tell = std::move(tell)](zkcoord_log_level of_line, const char *message) {
        tell(static_cast<LogLevel>(of_line), message);
    };
    detail::listen<zkcoord_log_level, const char *>(std::move(call), [&](auto fn, void *user_data, auto destroy) {
        detail::call(zkcoord_set_log, std::int32_t(level), fn, user_data, destroy);
    });
}

/** A connection to a ZooKeeper ensemble, with a session of its own, which lives as long as anything made from it. */
class Client : public detail::Handle<zkcoord_client, zkcoord_client_free> {
public:
    /** Connects to `hosts`, like "zk1:2181,zk2:2181/app"; the chroot is made when it is missing. */
    [[nodiscard]] static Client connect(const std::string &hosts, const Options &options = Options()) {
        const auto *text = detail::text("hosts", hosts);
        return Client(detail::result<zkcoord_client *>(zkcoord_client_connect, text, options.capi()));
    }

    template <class Done>
    static auto connect_async(const std::string &hosts, const Options &options, Done &&done) {
        const auto make = [](zkcoord_client *client) { return Client(client); };
        return detail::Completion<zkcoord_client *>::begin(std::forward<Done>(done), make, zkcoord_client_connect_async,
                                                           detail::text("hosts", hosts), options.capi());
    }

    /** A mutex at an absolute znode path. No request is sent, here and in all that follow. */
    [[nodiscard]] Mutex mutex(const std::string &path, const MutexOptions &options = {}) const {
        return make<Mutex>(zkcoord_mutex_new_with_options, detail::text("path", path), options.capi());
    }

    /** A mutex that the thread that holds it may take again. */
    [[nodiscard]] ReentrantMutex reentrant_mutex(const std::string &path, const MutexOptions &options = {}) const {
        const auto *text = detail::text("path", path);
        return make<ReentrantMutex>(zkcoord_reentrant_mutex_new_with_options, text, options.capi());
    }

    /** A read/write lock. */
    [[nodiscard]] RwLock rw_lock(const std::string &path, const MutexOptions &options = {}) const {
        return make<RwLock>(zkcoord_rw_lock_new_with_options, detail::text("path", path), options.capi());
    }

    /** The mutexes at these paths as one. */
    [[nodiscard]] MultiMutex multi_mutex(const std::vector<std::string> &paths, const MutexOptions &options = {}) const {
        std::vector<const char *> texts;
        for (const auto &path : paths) texts.push_back(detail::text("paths", path));
        return make<MultiMutex>(zkcoord_multi_mutex_new_with_options, texts.data(), texts.size(), options.capi());
    }

    /** A semaphore. Everyone who shares it must give as many permits. */
    [[nodiscard]] Semaphore semaphore(const std::string &path, std::int64_t permits) const {
        return make<Semaphore>(zkcoord_semaphore_new, detail::text("path", path), permits);
    }

    /** A counter. Throws Status::invalid_argument also for options that do not go together. */
    [[nodiscard]] Counter counter(const std::string &path, const CounterOptions &options = {}) const {
        return make<Counter>(zkcoord_counter_new_with_options, detail::text("path", path), options.capi());
    }

    /** A sum to which many clients add often. What was added is written within the flush interval. */
    [[nodiscard]] StripedCounter
    striped_counter(const std::string &path, std::chrono::milliseconds flush_interval = std::chrono::milliseconds(100)) const {
        const detail::StripedCounterOptions options(flush_interval);
        const auto *text = detail::text("path", path);
        return make<StripedCounter>(zkcoord_striped_counter_new_with_options, text, options.capi());
    }

    /** A counter of the events of the last minute, or another window. All who share it must give the same. */
    [[nodiscard]] WindowCounter window_counter(const std::string &path,
                                               std::chrono::milliseconds window = std::chrono::minutes(1),
                                               std::int64_t buckets = 60) const {
        const auto *text = detail::text("path", path);
        return make<WindowCounter>(zkcoord_window_counter_new, text, std::int64_t(window.count()), buckets);
    }

    /**
     * A rate limiter: so many permits per second, or another period, and how many of them may be used at once; as many as in
     * a period, if nothing else is said. All who share it must give the same.
     */
    [[nodiscard]] RateLimiter rate_limiter(const std::string &path, std::int64_t permits,
                                           std::chrono::milliseconds per = std::chrono::seconds(1),
                                           std::optional<std::int64_t> burst = {}) const {
        const detail::RateLimiterOptions options(burst);
        const auto *text = detail::text("path", path);
        return make<RateLimiter>(zkcoord_rate_limiter_new_with_options, text, permits, std::int64_t(per.count()),
                                 options.capi());
    }

    /** A miss guard, with a node for each key below the path. All who share it should give the same options. */
    [[nodiscard]] MissGuard miss_guard(const std::string &path, const MissGuardOptions &options = {}) const {
        return make<MissGuard>(zkcoord_miss_guard_new_with_options, detail::text("path", path), options.capi());
    }

    /** What the client stands on right now. */
    State state() const {
        return static_cast<State>(detail::result<zkcoord_state>(zkcoord_client_state, capi()));
    }

    /** The id of the current session; 0 when there is none. */
    std::int64_t session_id() const {
        return detail::result<std::int64_t>(zkcoord_client_session_id, capi());
    }

    /** The session timeout that the server granted. */
    std::chrono::milliseconds session_timeout() const {
        return std::chrono::milliseconds(detail::result<std::int64_t>(zkcoord_client_session_timeout, capi()));
    }

    /**
     * Asks the holder of a lock's node to give it back, and says whether the node was there. See Contender::node. What
     * the node held is overwritten: ask for no other nodes than those of locks.
     */
    bool request_revoke(const std::string &node, Timeout timeout = {}) const {
        const auto *text = detail::text("node", node);
        return detail::result<bool>(zkcoord_client_request_revoke, capi(), text, timeout.milliseconds());
    }

    template <class Done> auto request_revoke_async(const std::string &node, Timeout timeout, Done &&done) const {
        return detail::begin_same<bool>(std::forward<Done>(done), zkcoord_client_request_revoke_async, capi(),
                                        detail::text("node", node), timeout.milliseconds());
    }

    /**
     * Calls `tell` with every new state, until the subscription is destroyed or the client is closed, which is the last one.
     * States that follow each other faster than `tell` returns are left out; the latest never is. See zkcoord/async.hpp for
     * what a callback may do.
     */
    Subscription on_state(std::function<void(State)> tell) const {
        detail::check_not_empty("tell", tell);
        auto call = [tell = std::move(tell)](zkcoord_state state) { tell(static_cast<State>(state)); };
        zkcoord_subscription *subscription = nullptr;
        detail::listen<zkcoord_state>(std::move(call), [&](auto fn, void *user_data, auto destroy) {
            detail::call(zkcoord_client_on_state, capi(), fn, user_data, destroy, &subscription);
        });
        return Subscription(subscription);
    }

    /** Ends the session, and with it gives back all its locks. Whatever is called later throws Status::closed. */
    void close(Timeout timeout = {}) { detail::call(zkcoord_client_close, capi(), timeout.milliseconds()); }

    template <class Done> auto close_async(Timeout timeout, Done &&done) {
        return detail::begin_same<>(std::forward<Done>(done), zkcoord_client_close_async, capi(), timeout.milliseconds());
    }

private:
    using Handle::Handle;

    /** What a function of C makes of this client. */
    template <class Made, class Function, class... Arguments> Made make(Function function, Arguments... arguments) const {
        using Object = decltype(std::declval<const Made &>().capi());
        return Made(detail::result<Object>(function, capi(), arguments...));
    }
};

}  // namespace zkcoord

#endif  // ZKCOORD_HPP
