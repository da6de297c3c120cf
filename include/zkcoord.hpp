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
 *
 * Objects    Move-only owners of what zkcoord.h makes. They may be destroyed in any order, and no destructor waits. An
 *            object that was moved from may only be destroyed or assigned to.
 * Errors     Everything that fails throws zkcoord::Error.
 * Time       std::chrono. Without a timeout a call waits for ever; zero or less tries once.
 * Threads    As in the standard library: const member functions may run at the same time, also with those of
 *            zkcoord::Mutex that lock it.
 * fork()     In the child every call throws with zkcoord::Status::forked, and destructors leave the parent's locks alone.
 */
#ifndef ZKCOORD_HPP
#define ZKCOORD_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#if __has_include(<stop_token>)
#include <stop_token>
#endif

#include "zkcoord_base.hpp"

namespace zkcoord {

/**
 * A lock that is held, until it is released, destroyed, or lost. The destructor gives it back in the background.
 *
 * A lock can be lost while it is held, as when no server has confirmed the session for too long. The guard knows before
 * the server can give the lock to anybody else; what still runs then is fenced off by the token().
 */
class [[nodiscard]] Guard : public detail::Handle<zkcoord_guard, zkcoord_guard_free> {
public:
    /** The fencing token: larger than that of every holder before. Pass it along with what you write. */
    std::uint64_t token() const noexcept { return zkcoord_guard_token(capi()); }

    /** The path of the lock's node, below the client's chroot. */
    std::string node() const { return capi() ? zkcoord_guard_node(capi()) : ""; }

    /** Whether the lock is held for certain at this moment. Costs no round trip. */
    bool is_held() const noexcept { return zkcoord_guard_is_held(capi()); }

    /** Throws Status::lock_lost unless the lock is held for certain at this moment. Costs no round trip. */
    void check() const { detail::call(zkcoord_guard_check, capi()); }

    /**
     * Calls `tell` once when the lock is lost, on a thread of zkcoord; soon, if that has happened already; never, if it
     * is given back first. It must not wait. What it throws is lost.
     */
    void on_lost(std::function<void()> tell) const { tell_when(zkcoord_guard_on_lost, std::move(tell)); }

    /** Calls `tell` once when somebody asks for the lock, as with Client::request_revoke(). Otherwise as on_lost(). */
    void on_revoke(std::function<void()> tell) const { tell_when(zkcoord_guard_on_revoke, std::move(tell)); }

    /** Whether somebody has asked for the lock. It stays held; the holder decides. */
    bool is_revoke_requested() const noexcept { return zkcoord_guard_is_revoke_requested(capi()); }

#if defined(__cpp_lib_jthread)
    /** A token that is asked to stop when the lock is lost. */
    std::stop_token lost() {
        if (!lost_) {
            auto source = std::make_shared<std::stop_source>();
            on_lost([source] { source->request_stop(); });
            lost_ = std::move(source);
        }
        return static_cast<std::stop_source *>(lost_.get())->get_token();
    }
#endif

    /**
     * Sets the data of the node at `path` on condition that the lock is still held, which the server itself checks; and
     * that the node is at `version`, if there is one. Status::lock_lost: nothing was written.
     */
    void set_data(const std::string &path, const std::string &data, std::optional<std::int32_t> version = {},
                  Timeout timeout = {}) const {
        detail::call(zkcoord_guard_set_data, capi(), detail::text("path", path), detail::bytes(data), data.size(),
                     version.value_or(-1), timeout.milliseconds());
    }

    /** Creates a persistent node on condition that the lock is still held. */
    void create(const std::string &path, const std::string &data = {}, Timeout timeout = {}) const {
        detail::call(zkcoord_guard_create, capi(), detail::text("path", path), detail::bytes(data), data.size(),
                     timeout.milliseconds());
    }

    /** Deletes a node (`delete` is a word of the language) on condition that the lock is still held. See set_data(). */
    void remove(const std::string &path, std::optional<std::int32_t> version = {}, Timeout timeout = {}) const {
        detail::call(zkcoord_guard_delete, capi(), detail::text("path", path), version.value_or(-1),
                     timeout.milliseconds());
    }

    /** Gives the lock back and waits until the server has confirmed it. Can be called again, and after a loss. */
    void release(Timeout timeout = {}) { detail::call(zkcoord_guard_release, capi(), timeout.milliseconds()); }

private:
    friend class Mutex;
    friend class MultiMutex;
    friend class Semaphore;
    using Handle::Handle;

    /** The guard of a try, if it has got one. */
    static std::optional<Guard> if_any(zkcoord_guard *guard) {
        return guard ? std::optional<Guard>(Guard(guard)) : std::nullopt;
    }

    template <class Function> void tell_when(Function function, std::function<void()> tell) const {
        using Tell = std::function<void()>;
        if (!tell) throw Error(Status::invalid_argument, "tell: must not be empty");
        const auto call = [](void *user_data) {
            try {
                (*static_cast<Tell *>(user_data))();
            } catch (...) {  // No exception may reach C.
            }
        };
        const auto destroy = [](void *user_data) { delete static_cast<Tell *>(user_data); };
        detail::call(function, capi(), +call, new Tell(std::move(tell)), +destroy);
    }

    /** The std::stop_source of lost(). Untyped, so that a guard looks the same in C++17 and C++20. */
    std::shared_ptr<void> lost_;
};

/** One who stands in a lock's queue. */
struct Contender {
    /** The path of its node, as for Client::request_revoke(). */
    std::string node;
    /** The text by which it wants to be seen; see Options::identity(). */
    std::string identity;
    /** The session that it belongs to; 0 when its node is not ephemeral. */
    std::int64_t session_id;
    /** Whether it holds the lock; otherwise it waits. */
    bool is_holder;
    /** Whether it is content with others that read. */
    bool is_reader;
    /** Which library wrote its node: "zkcoord", "curator", "kazoo", "go-zookeeper", "zookeeper-recipe" or "other". */
    std::string library;
    /** When it queued, by the server's clock. */
    std::chrono::system_clock::time_point waiting_since;
};

/** Who holds a lock and who waits for it. */
struct Queue {
    /** First come first. */
    std::vector<Contender> contenders;
    /** What is wrong with the queue, in words to act on, as when libraries share it that do not exclude each other. */
    std::vector<std::string> warnings;
};

/** How long the waits took that ended well. Mean, deviation and quantiles are those of the latest 1024. */
class WaitStats : public detail::Handle<zkcoord_stats, zkcoord_stats_free> {
public:
    using Seconds = std::chrono::duration<double>;

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

private:
    friend class Mutex;
    friend class MultiMutex;
    friend class Semaphore;
    using Handle::Handle;
};

/** Whose node names a lock writes. Everyone who shares its path must be able to read them. */
enum class Scheme {
    /** Curator's, which go-zookeeper reads too. */
    curator,
    kazoo,
};

namespace detail {

/** What a lock is made with. */
class MutexOptions : public Handle<zkcoord_mutex_options, zkcoord_mutex_options_free> {
public:
    explicit MutexOptions(Scheme scheme) : Handle(zkcoord_mutex_options_new()) {
        call(zkcoord_mutex_options_set_scheme, capi(), scheme == Scheme::kazoo ? "kazoo" : "curator");
    }
};

}  // namespace detail

/**
 * A mutual exclusion lock: at most one holder among all clients of the ensemble, served in order of arrival.
 *
 * It can be used in two ways. acquire() gives a Guard. And lock() and its like make it a TimedLockable, for
 * std::unique_lock, std::scoped_lock and so on; the same thread must unlock it.
 */
class Mutex : public detail::Handle<zkcoord_mutex, zkcoord_mutex_free> {
public:
    /** Waits until the lock is held. Throws Status::timeout when the timeout passes first. */
    Guard acquire(Timeout timeout = {}) {
        return Guard(detail::result<zkcoord_guard *>(zkcoord_mutex_acquire, capi(), timeout.milliseconds()));
    }

    /** Takes the lock if it is free. */
    std::optional<Guard> try_acquire() {
        return Guard::if_any(detail::result<zkcoord_guard *>(zkcoord_mutex_try_acquire, capi()));
    }

    /** Looks who holds the lock and who waits for it. */
    Queue inspect(Timeout timeout = {}) const {
        const std::unique_ptr<zkcoord_queue, void (*)(zkcoord_queue *)> owned(
            detail::result<zkcoord_queue *>(zkcoord_mutex_inspect, capi(), timeout.milliseconds()), zkcoord_queue_free);
        const auto *seen = owned.get();
        Queue queue;
        for (std::size_t i = 0; i < zkcoord_queue_count(seen); i++) {
            const std::chrono::milliseconds since(zkcoord_queue_waiting_since(seen, i));
            queue.contenders.push_back({zkcoord_queue_node(seen, i), zkcoord_queue_identity(seen, i),
                                        zkcoord_queue_session_id(seen, i), zkcoord_queue_is_holder(seen, i),
                                        zkcoord_queue_is_reader(seen, i), zkcoord_queue_library(seen, i),
                                        std::chrono::system_clock::time_point(since)});
        }
        for (std::size_t i = 0; i < zkcoord_queue_warning_count(seen); i++) {
            queue.warnings.emplace_back(zkcoord_queue_warning(seen, i));
        }
        return queue;
    }

    /** How long acquire() and the like took so far. Costs no round trip. */
    WaitStats stats() const { return WaitStats(detail::result<zkcoord_stats *>(zkcoord_mutex_stats, capi())); }

    /** Throws Status::would_deadlock when this thread has locked it already. */
    void lock() {
        if (locks_->has_mine()) throw Error(Status::would_deadlock, "this thread has locked the mutex already");
        locks_->put(acquire());
    }

    bool try_lock() {
        if (locks_->has_mine()) return false;
        auto guard = try_acquire();
        if (guard) locks_->put(std::move(*guard));
        return guard.has_value();
    }

    template <class Rep, class Period> bool try_lock_for(const std::chrono::duration<Rep, Period> &duration) {
        if (locks_->has_mine()) return false;
        try {
            locks_->put(acquire(duration));
            return true;
        } catch (const Error &error) {
            if (error.status() == Status::timeout) return false;
            throw;
        }
    }

    template <class Clock, class Duration> bool try_lock_until(const std::chrono::time_point<Clock, Duration> &until) {
        return try_lock_for(until - Clock::now());
    }

    /** Gives back, in the background, what this thread has locked. */
    void unlock() { locks_->take_mine(); }

    /** The guard behind this thread's lock(), to see its token or whether it is lost; nullptr when it has none. */
    Guard *locked() noexcept { return locks_->mine(); }

private:
    friend class Client;
    friend class RwLock;
    explicit Mutex(zkcoord_mutex *mutex) : Handle(mutex), locks_(std::make_unique<Locks>()) {}

    /** The guards of lock(), by thread: a lock that was lost may be held by the next one while its owner still is at it. */
    class Locks {
    public:
        Guard *mine() {
            const std::lock_guard lock(mutex_);
            const auto found = guards_.find(std::this_thread::get_id());
            return found == guards_.end() ? nullptr : &found->second;
        }

        bool has_mine() { return mine() != nullptr; }

        void put(Guard guard) {
            const std::lock_guard lock(mutex_);
            guards_.emplace(std::this_thread::get_id(), std::move(guard));
        }

        void take_mine() {
            const std::lock_guard lock(mutex_);
            guards_.erase(std::this_thread::get_id());
        }

    private:
        std::mutex mutex_;
        std::map<std::thread::id, Guard> guards_;
    };

    std::unique_ptr<Locks> locks_;
};

/** A read/write lock: any number of readers, or one writer, served in order of arrival. */
class RwLock : public detail::Handle<zkcoord_rw_lock, zkcoord_rw_lock_free> {
public:
    /** The side that any number may hold at once. Lives as long as the lock. */
    Mutex &read() noexcept { return read_; }

    /** The side that one holds alone. Lives as long as the lock. */
    Mutex &write() noexcept { return write_; }

private:
    friend class Client;
    explicit RwLock(zkcoord_rw_lock *lock)
        : Handle(lock), read_(detail::result<zkcoord_mutex *>(zkcoord_rw_lock_read, capi())),
          write_(detail::result<zkcoord_mutex *>(zkcoord_rw_lock_write, capi())) {}

    Mutex read_, write_;
};

/**
 * Several mutexes taken as one: all or none. Its guard holds all of them, and is lost when one of them is. Its token
 * is that of the first path in sorted order, and fences what belongs to that path.
 */
class MultiMutex : public detail::Handle<zkcoord_multi_mutex, zkcoord_multi_mutex_free> {
public:
    /** Waits until all the locks are held. Throws Status::timeout when the timeout passes first. */
    Guard acquire(Timeout timeout = {}) {
        return Guard(detail::result<zkcoord_guard *>(zkcoord_multi_mutex_acquire, capi(), timeout.milliseconds()));
    }

    /** Takes all the locks if all are free. */
    std::optional<Guard> try_acquire() {
        return Guard::if_any(detail::result<zkcoord_guard *>(zkcoord_multi_mutex_try_acquire, capi()));
    }

    WaitStats stats() const { return WaitStats(detail::result<zkcoord_stats *>(zkcoord_multi_mutex_stats, capi())); }

private:
    friend class Client;
    using Handle::Handle;
};

/** So many permits, shared by all clients, had in order of arrival. */
class Semaphore : public detail::Handle<zkcoord_semaphore, zkcoord_semaphore_free> {
public:
    /** Waits for so many permits, all at once. Throws Status::timeout when the timeout passes first. */
    Guard acquire(std::int64_t permits = 1, Timeout timeout = {}) {
        return Guard(
            detail::result<zkcoord_guard *>(zkcoord_semaphore_acquire, capi(), permits, timeout.milliseconds()));
    }

    /** Takes so many permits if they are free and nobody waits. */
    std::optional<Guard> try_acquire(std::int64_t permits = 1) {
        return Guard::if_any(detail::result<zkcoord_guard *>(zkcoord_semaphore_try_acquire, capi(), permits));
    }

    WaitStats stats() const { return WaitStats(detail::result<zkcoord_stats *>(zkcoord_semaphore_stats, capi())); }

private:
    friend class Client;
    using Handle::Handle;
};

/**
 * A counter that all clients of the ensemble share. Every change is applied exactly once, also when the server's reply
 * is lost; Status::indeterminate is thrown where that cannot be known. Status::overflow and Status::bad_data: nothing
 * was written.
 */
class Counter : public detail::Handle<zkcoord_counter, zkcoord_counter_free> {
public:
    /** Adds `n` and returns the new value. */
    std::int64_t add(std::int64_t n = 1, Timeout timeout = {}) {
        return result<std::int64_t>(zkcoord_counter_add, n, timeout.milliseconds());
    }

    /** Adds 1 and returns the new value. */
    std::int64_t increment(Timeout timeout = {}) {
        return result<std::int64_t>(zkcoord_counter_increment, timeout.milliseconds());
    }

    /** Subtracts 1 and returns the new value. */
    std::int64_t decrement(Timeout timeout = {}) {
        return result<std::int64_t>(zkcoord_counter_decrement, timeout.milliseconds());
    }

    /** The value. Every change acknowledged before the call is in it. */
    std::int64_t get(Timeout timeout = {}) const {
        return result<std::int64_t>(zkcoord_counter_get, timeout.milliseconds());
    }

    void set(std::int64_t value, Timeout timeout = {}) {
        detail::call(zkcoord_counter_set, capi(), value, timeout.milliseconds());
    }

    /** Sets the value and returns the one before. */
    std::int64_t get_and_set(std::int64_t value, Timeout timeout = {}) {
        return result<std::int64_t>(zkcoord_counter_get_and_set, value, timeout.milliseconds());
    }

    /** Sets the value to `desired` if it is `expected`, and says whether it was. */
    bool compare_and_set(std::int64_t expected, std::int64_t desired, Timeout timeout = {}) {
        return result<bool>(zkcoord_counter_compare_and_set, expected, desired, timeout.milliseconds());
    }

private:
    friend class Client;
    using Handle::Handle;

    template <class Result, class Function, class... Arguments>
    Result result(Function function, Arguments... arguments) const {
        return detail::result<Result>(function, capi(), arguments...);
    }
};

/** Options of Client::connect: `Options().session_timeout(4s).identity("worker 7")`. */
class Options : public detail::Handle<zkcoord_options, zkcoord_options_free> {
public:
    Options() : Handle(zkcoord_options_new()) {}

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

    /** Who may touch the nodes that the client makes: "open" (the default), "creator" or "read". */
    Options &acl(const std::string &name) { return set(zkcoord_options_set_acl, detail::text("acl", name)); }

private:
    template <class Function, class... Arguments> Options &set(Function function, Arguments... arguments) {
        detail::call(function, capi(), arguments...);
        return *this;
    }
};

/** What a client stands on. */
enum class State {
    closed = ZKCOORD_STATE_CLOSED,
    connected = ZKCOORD_STATE_CONNECTED,
    suspended = ZKCOORD_STATE_SUSPENDED,
    expired = ZKCOORD_STATE_EXPIRED,
};

/** A connection to a ZooKeeper ensemble, with a session of its own, which lives as long as anything made from it. */
class Client : public detail::Handle<zkcoord_client, zkcoord_client_free> {
public:
    /** Connects to `hosts`, like "zk1:2181,zk2:2181/app"; the chroot is made when it is missing. */
    [[nodiscard]] static Client connect(const std::string &hosts, const Options &options = Options()) {
        const auto *text = detail::text("hosts", hosts);
        return Client(detail::result<zkcoord_client *>(zkcoord_client_connect, text, options.capi()));
    }

    /** A lock at an absolute znode path. No request is sent. */
    [[nodiscard]] Mutex mutex(const std::string &path, Scheme scheme = Scheme::curator) const {
        return Mutex(make<zkcoord_mutex>(zkcoord_mutex_new_with_options, scheme, detail::text("path", path)));
    }

    /** A read/write lock at an absolute znode path. No request is sent. */
    [[nodiscard]] RwLock rw_lock(const std::string &path, Scheme scheme = Scheme::curator) const {
        return RwLock(make<zkcoord_rw_lock>(zkcoord_rw_lock_new_with_options, scheme, detail::text("path", path)));
    }

    /** The locks at these paths as one. No request is sent. */
    [[nodiscard]] MultiMutex multi_mutex(const std::vector<std::string> &paths, Scheme scheme = Scheme::curator) const {
        std::vector<const char *> texts;
        for (const auto &path : paths) texts.push_back(detail::text("paths", path));
        return MultiMutex(
            make<zkcoord_multi_mutex>(zkcoord_multi_mutex_new_with_options, scheme, texts.data(), texts.size()));
    }

    /** A semaphore at an absolute znode path. No request is sent. Everyone who shares it must give as many permits. */
    [[nodiscard]] Semaphore semaphore(const std::string &path, std::int64_t permits) const {
        const auto *text = detail::text("path", path);
        return Semaphore(detail::result<zkcoord_semaphore *>(zkcoord_semaphore_new, capi(), text, permits));
    }

    /** A counter at an absolute znode path. No request is sent. */
    [[nodiscard]] Counter counter(const std::string &path) const {
        return Counter(detail::result<zkcoord_counter *>(zkcoord_counter_new, capi(), detail::text("path", path)));
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

    /** Ends the session, and with it gives back all its locks. Whatever is called later throws Status::closed. */
    void close(Timeout timeout = {}) { detail::call(zkcoord_client_close, capi(), timeout.milliseconds()); }

private:
    using Handle::Handle;

    /** A lock with options. */
    template <class Lock, class Function, class... Arguments>
    Lock *make(Function function, Scheme scheme, Arguments... arguments) const {
        const detail::MutexOptions options(scheme);
        return detail::result<Lock *>(function, capi(), arguments..., options.capi());
    }
};

}  // namespace zkcoord

#endif  // ZKCOORD_HPP
