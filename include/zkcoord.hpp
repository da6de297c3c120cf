/**
 * @file zkcoord.hpp
 * zkcoord for C++17 and later: distributed locks and counters over ZooKeeper. Header-only, on top of zkcoord.h.
 *
 *     auto client = zkcoord::Client::connect("zk1:2181,zk2:2181/app");
 *     auto mutex = client.mutex("/locks/report");
 *     {
 *         auto guard = mutex.acquire(5s);     // throws zkcoord::Error, code() == std::errc::timed_out
 *         write_report(guard.token());
 *     }                                       // releases the lock
 *     { std::unique_lock lock{mutex, 5s}; }   // the standard's guards work too
 *     auto slot = client.semaphore("/limits/downloads", 10).acquire();
 *     auto jobs = client.counter("/counters/jobs", zkcoord::CounterOptions().min(0)).add(3);
 *     client.rate_limiter("/limits/api", 100, 1s).acquire();
 *     auto user = client.miss_guard("/misses/users").load("user-42", query);
 *     std::future<std::int64_t> hits = client.counter("/counters/hits").add_async(1, 5s, zkcoord::use_future);
 *
 * Objects    Move-only owners of the objects of zkcoord.h. They may be destroyed in any order, and no destructor waits. An
 *            object that was moved from may only be destroyed or assigned to.
 * Errors     Every call that fails throws zkcoord::Error. Any call may throw Status::forked and Status::internal. Calls that
 *            talk to a server may also throw Status::timeout, Status::connection_lost, Status::closed,
 *            Status::would_deadlock (in a callback), Status::not_authorized and Status::quota. The comments of the members
 *            do not repeat these.
 * Time       std::chrono durations. Without a timeout a call waits forever; zero or less tries once.
 * Threads    Several threads may use an object at the same time, by const and other member functions alike. Exceptions are
 *            options, Guard::lost(), assignment and destruction.
 * Async      Every call that waits has an asynchronous variant with a callback or a std::future; see zkcoord/async.hpp. In
 *            C++20 the calls that wait for other clients also take a std::stop_token, and Guard::lost() returns one.
 * Options    Set in the call, `client.mutex(path, zkcoord::MutexOptions().handoff(10))`, or one after another on an object.
 *            A setter throws Status::invalid_argument for a value that is invalid by itself; the call that takes the
 *            options checks the rest.
 * fork()     In the child every call on the parent's objects throws Status::forked, and destructors do not release the
 *            parent's locks.
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

    /** Sets how long the servers keep the session, and its locks, while they hear nothing from the client. Default 10 s. */
    Options &session_timeout(Timeout timeout) { return set(zkcoord_options_set_session_timeout, timeout); }

    /** Sets how long connecting may take. Default 10 s; Timeout() waits forever. */
    Options &connect_timeout(Timeout timeout) { return set(zkcoord_options_set_connect_timeout, timeout); }

    /** Sets the text by which others see the client in a queue. Default "host:pid". */
    Options &identity(const std::string &identity) {
        return set(zkcoord_options_set_identity, detail::text("identity", identity));
    }

    /** Adds an authentication, such as ("digest", "user:password"). May be called several times. */
    Options &auth(const std::string &scheme, const std::string &data) {
        return set(zkcoord_options_add_auth, detail::text("scheme", scheme), detail::bytes(data), data.size());
    }

    /**
     * Sets whether connections are encrypted. Every tls_...() member turns it on as well. Client::connect() throws
     * Status::invalid_argument for files that cannot be used, Status::connection_lost, with the reason, if TLS fails with
     * all servers, and Status::unsupported if libzkcoord was built without TLS. The files are read again for every new
     * connection.
     */
    Options &tls(bool enabled = true) { return set(zkcoord_options_set_tls, enabled); }

    /** Sets the PEM file with the only authorities that are trusted. Default: those of the system. */
    Options &tls_ca(const std::string &file) { return set(zkcoord_options_set_tls_ca, detail::text("file", file)); }

    /** Sets the PEM file with the certificate that the client presents to servers. Needs tls_key(). */
    Options &tls_cert(const std::string &file) { return set(zkcoord_options_set_tls_cert, detail::text("file", file)); }

    /** Sets the PEM file with the private key of the certificate, not encrypted. */
    Options &tls_key(const std::string &file) { return set(zkcoord_options_set_tls_key, detail::text("file", file)); }

    /** Sets whether a server's certificate must be valid for the host name that was given. Default true. */
    Options &tls_verify_hostname(bool verify) { return set(zkcoord_options_set_tls_verify_hostname, verify); }

    /** Sets the access to the nodes that the client creates: "open" (the default), "creator" or "read". */
    Options &acl(const std::string &name) { return set(zkcoord_options_set_acl, detail::text("acl", name)); }
};

/** The state of a client. zkcoord_state documents the values. */
enum class State {
    closed = ZKCOORD_STATE_CLOSED,
    connected = ZKCOORD_STATE_CONNECTED,
    suspended = ZKCOORD_STATE_SUSPENDED,
    expired = ZKCOORD_STATE_EXPIRED,
};

/** The severity of a line of the log. zkcoord_log_level documents the values. */
enum class LogLevel {
    off = ZKCOORD_LOG_LEVEL_OFF,
    error = ZKCOORD_LOG_LEVEL_ERROR,
    warn = ZKCOORD_LOG_LEVEL_WARN,
    info = ZKCOORD_LOG_LEVEL_INFO,
    debug = ZKCOORD_LOG_LEVEL_DEBUG,
};

/**
 * Sets the callback for the log of all clients of the process: it gets every line of `level` and more severe ones. It
 * replaces the callback before; LogLevel::off or an empty function only removes that. Throws Status::unsupported if the
 * library is linked statically into a program in Rust that has a log subscriber. See zkcoord_set_log(), and
 * zkcoord/async.hpp for what a callback may do.
 */
inline void set_log(LogLevel level, std::function<void(LogLevel, const std::string &)> callback) {
    if (!callback) return detail::call(zkcoord_set_log, std::int32_t(level), nullptr, nullptr, nullptr);
    auto log = [callback = std::move(callback)](zkcoord_log_level severity, const char *message) {
        callback(static_cast<LogLevel>(severity), message);
    };
    detail::listen<zkcoord_log_level, const char *>(std::move(log), [&](auto fn, void *user_data, auto destroy) {
        detail::call(zkcoord_set_log, std::int32_t(level), fn, user_data, destroy);
    });
}

/**
 * A connection to a ZooKeeper ensemble, with its own session. The session lives until close(), or until the client and
 * everything made from it are destroyed.
 */
class Client : public detail::AsyncHandle<zkcoord_client, zkcoord_client_free> {
public:
    /**
     * Connects to `hosts`, such as "zk1:2181,zk2:2181/app"; the chroot is created if it is missing. Throws
     * Status::invalid_argument for invalid hosts or options, and Status::connection_lost if no server answers within the
     * connect timeout.
     */
    [[nodiscard]] static Client connect(const std::string &hosts, const Options &options = Options()) {
        return detail::result<Client>(zkcoord_client_connect, detail::text("hosts", hosts), options.capi());
    }

    /** Starts connect(). */
    template <class Done> static auto connect_async(const std::string &hosts, const Options &options, Done &&done) {
        return detail::start<Client>(std::forward<Done>(done), zkcoord_client_connect_async,
                                     detail::text("hosts", hosts), options.capi());
    }

    /**
     * Returns a mutex at an absolute znode path below the client's chroot. No request is sent. Throws
     * Status::invalid_argument for an invalid path. The same applies to all members below that take a path.
     */
    [[nodiscard]] Mutex mutex(const std::string &path, const MutexOptions &options = {}) const {
        return result<Mutex>(zkcoord_mutex_new_with_options, detail::text("path", path), options.capi());
    }

    /** Returns a mutex that the thread that holds it may acquire again. */
    [[nodiscard]] ReentrantMutex reentrant_mutex(const std::string &path, const MutexOptions &options = {}) const {
        return result<ReentrantMutex>(zkcoord_reentrant_mutex_new_with_options, detail::text("path", path),
                                      options.capi());
    }

    /** Returns a read/write lock. */
    [[nodiscard]] RwLock rw_lock(const std::string &path, const MutexOptions &options = {}) const {
        return result<RwLock>(zkcoord_rw_lock_new_with_options, detail::text("path", path), options.capi());
    }

    /** Returns the mutexes at the paths, at least one, as one lock. */
    [[nodiscard]] MultiMutex multi_mutex(const std::vector<std::string> &paths,
                                         const MutexOptions &options = {}) const {
        std::vector<const char *> texts;
        for (const auto &path : paths) texts.push_back(detail::text("paths", path));
        const auto *all = texts.data();
        return result<MultiMutex>(zkcoord_multi_mutex_new_with_options, all, texts.size(), options.capi());
    }

    /** Returns a semaphore. All clients that share it must give the same number of permits, from 1 to 2147483647. */
    [[nodiscard]] Semaphore semaphore(const std::string &path, std::int64_t permits) const {
        return result<Semaphore>(zkcoord_semaphore_new, detail::text("path", path), permits);
    }

    /** Returns a counter. Throws Status::invalid_argument also for options that contradict each other. */
    [[nodiscard]] Counter counter(const std::string &path, const CounterOptions &options = {}) const {
        return result<Counter>(zkcoord_counter_new_with_options, detail::text("path", path), options.capi());
    }

    /** Returns a sum to which many clients add often. Adds are written within the flush interval; 0 writes them at once. */
    [[nodiscard]] StripedCounter
    striped_counter(const std::string &path,
                    std::chrono::milliseconds flush_interval = std::chrono::milliseconds(100)) const {
        const detail::StripedCounterOptions options(flush_interval);
        const auto *text = detail::text("path", path);
        return result<StripedCounter>(zkcoord_striped_counter_new_with_options, text, options.capi());
    }

    /**
     * Returns a counter of the events within the window, from 1 ms to 100 years, which is divided into 1 to 10000 buckets.
     * All clients that share it must give the same window and buckets.
     */
    [[nodiscard]] WindowCounter window_counter(const std::string &path,
                                               std::chrono::milliseconds window = std::chrono::minutes(1),
                                               std::int64_t buckets = 60) const {
        return result<WindowCounter>(zkcoord_window_counter_new, detail::text("path", path), window, buckets);
    }

    /**
     * Returns a rate limiter of `permits` permits, from 1 to 1000000, in each period of `per`, from 1 ms to 31 days. `burst`
     * is the number of permits that may be used at once; by default as many as in a period. All clients that share it must
     * give the same.
     */
    [[nodiscard]] RateLimiter rate_limiter(const std::string &path, std::int64_t permits,
                                           std::chrono::milliseconds per = std::chrono::seconds(1),
                                           std::optional<std::int64_t> burst = {}) const {
        const detail::RateLimiterOptions options(burst);
        const auto *text = detail::text("path", path);
        return result<RateLimiter>(zkcoord_rate_limiter_new_with_options, text, permits, per, options.capi());
    }

    /**
     * Returns a miss guard, with a node for each key below the path. All clients that share it should give the same options.
     */
    [[nodiscard]] MissGuard miss_guard(const std::string &path, const MissGuardOptions &options = {}) const {
        return result<MissGuard>(zkcoord_miss_guard_new_with_options, detail::text("path", path), options.capi());
    }

    /** Returns the current state. */
    State state() const { return static_cast<State>(result<zkcoord_state>(zkcoord_client_state)); }

    /** Returns the id of the current session; 0 if there is none. */
    std::int64_t session_id() const { return result<std::int64_t>(zkcoord_client_session_id); }

    /** Returns the session timeout that the server granted, or the one asked for while there is no session. */
    std::chrono::milliseconds session_timeout() const {
        return std::chrono::milliseconds(result<std::int64_t>(zkcoord_client_session_timeout));
    }

    /**
     * Asks the holder of a lock to release it, and returns whether its node exists. See Contender::node. The data of the
     * node is overwritten: do not pass nodes other than those of locks.
     */
    bool request_revoke(const std::string &node, Timeout timeout = {}) const {
        return result<bool>(zkcoord_client_request_revoke, detail::text("node", node), timeout);
    }

    /** Starts request_revoke(). */
    template <class Done> auto request_revoke_async(const std::string &node, Timeout timeout, Done &&done) const {
        return start<bool>(std::forward<Done>(done), zkcoord_client_request_revoke_async, detail::text("node", node),
                           timeout);
    }

    /**
     * Calls `callback` with every new state, until the subscription is destroyed or the client is closed, which is the last
     * state. If states follow each other faster than `callback` returns, some are left out, but never the latest. The
     * subscription does not keep the session open. Throws Status::invalid_argument for an empty function. zkcoord/async.hpp
     * says what a callback may do.
     */
    Subscription on_state(std::function<void(State)> callback) const {
        detail::check_not_empty("callback", callback);
        return subscribe<zkcoord_state>(zkcoord_client_on_state, [callback = std::move(callback)](zkcoord_state state) {
            callback(static_cast<State>(state));
        });
    }

    /**
     * Ends the session, which releases all its locks. Operations that are running and later calls throw Status::closed. May
     * be called again. Throws Status::timeout if the server does not confirm it in time; the client is closed nevertheless.
     */
    void close(Timeout timeout = {}) { call(zkcoord_client_close, timeout); }

    /** Starts close(). */
    template <class Done> auto close_async(Timeout timeout, Done &&done) {
        return start<void>(std::forward<Done>(done), zkcoord_client_close_async, timeout);
    }

private:
    using AsyncHandle::AsyncHandle;
};

}  // namespace zkcoord

#endif  // ZKCOORD_HPP
