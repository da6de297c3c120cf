/**
 * @file zkcoord/guard.hpp
 * The guard: a lock, several locks or a semaphore's permits that are held. Include zkcoord.hpp instead.
 */
#ifndef ZKCOORD_GUARD_HPP
#define ZKCOORD_GUARD_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "async.hpp"
#include "base.hpp"

namespace zkcoord {

/** A node of a guard, with its fencing token. */
struct NodeToken {
    /** The path of the node, below the client's chroot. */
    std::string node;
    /** The fencing token of the node. */
    std::uint64_t token;
};

/**
 * A lock that is held until it is released, destroyed, or lost. The destructor releases it in the background.
 *
 * A lock can be lost while it is held, for example when no server has confirmed the session for too long. The guard knows
 * before the servers can grant the lock to another client. The token() lets the receiver of a write refuse one that comes
 * after that.
 *
 * Any thread may use and release a guard.
 */
class [[nodiscard]] Guard : public detail::AsyncHandle<zkcoord_guard, zkcoord_guard_free> {
public:
    /** Returns the fencing token: larger than that of every holder before. Pass it along with every write. */
    std::uint64_t token() const noexcept { return zkcoord_guard_token(capi()); }

    /** Returns the path of the lock's node, below the client's chroot; of the first one if there are several. */
    std::string node() const { return capi() ? zkcoord_guard_node(capi()) : ""; }

    /**
     * Returns every node of the guard with its token: for a MultiMutex in the order of the paths, for a Semaphore one for
     * each permit. Each token fences what its own lock protects: compare only tokens of the same path. token() is the first
     * one.
     */
    std::vector<NodeToken> tokens() const {
        std::vector<NodeToken> tokens;
        for (std::size_t i = 0; i < zkcoord_guard_token_count(capi()); i++)
            tokens.push_back({zkcoord_guard_node_at(capi(), i), zkcoord_guard_token_at(capi(), i)});
        return tokens;
    }

    /** Returns whether the lock is held for certain at this moment. Costs no round trip. */
    bool is_held() const noexcept { return zkcoord_guard_is_held(capi()); }

    /**
     * Returns how much longer the lock is held for certain if no server answers from now on; zero if it is not held any
     * more. Costs no round trip. While servers answer, it stays between 3/8 and 5/8 of the session timeout.
     */
    std::chrono::milliseconds lease_remaining() const noexcept {
        return std::chrono::milliseconds(zkcoord_guard_lease_remaining(capi()));
    }

    /** Throws Status::lock_lost unless the lock is held for certain at this moment. Costs no round trip. */
    void check() const { call(zkcoord_guard_check); }

    /**
     * Calls `callback` once when the lock is lost, on a thread of zkcoord: soon, if it is lost already; never, if it is
     * released first. Throws Status::invalid_argument for an empty function. zkcoord/async.hpp says what a callback may do.
     */
    void on_lost(std::function<void()> callback) const { listen(zkcoord_guard_on_lost, std::move(callback)); }

    /**
     * Calls `callback` once when another client asks for the lock, as with Client::request_revoke(). Never, if the lock is
     * released or lost first. Otherwise as on_lost().
     */
    void on_revoke(std::function<void()> callback) const { listen(zkcoord_guard_on_revoke, std::move(callback)); }

    /** Returns whether another client has asked for the lock. It stays held: the holder decides. Costs no round trip. */
    bool is_revoke_requested() const noexcept { return zkcoord_guard_is_revoke_requested(capi()); }

#if defined(__cpp_lib_jthread)
    /** Returns a token that is asked to stop when the lock is lost. Must not be called by two threads at the same time. */
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
     * Sets the data of the node at `path` on condition that the lock is still held, which the server itself checks, and that
     * the node is at `version`, if one is given.
     *
     * Throws Status::lock_lost if the lock's node is gone, and Status::invalid_argument if there is no node at `path` or it
     * is at another version: nothing was written. Throws Status::indeterminate if the connection was lost, or the timeout
     * passed, after the write was sent.
     */
    void set_data(const std::string &path, const std::string &data, std::optional<std::int32_t> version = {},
                  Timeout timeout = {}) const {
        call(zkcoord_guard_set_data, detail::text("path", path), detail::bytes(data), data.size(), version.value_or(-1),
             timeout);
    }

    /**
     * Creates a persistent node on condition that the lock is still held. Throws Status::invalid_argument if the node exists
     * or has no parent; otherwise as set_data().
     */
    void create(const std::string &path, const std::string &data = {}, Timeout timeout = {}) const {
        call(zkcoord_guard_create, detail::text("path", path), detail::bytes(data), data.size(), timeout);
    }

    /**
     * Deletes a node on condition that the lock is still held (`delete` is a keyword). Throws Status::invalid_argument also
     * if the node has children; otherwise as set_data().
     */
    void remove(const std::string &path, std::optional<std::int32_t> version = {}, Timeout timeout = {}) const {
        call(zkcoord_guard_delete, detail::text("path", path), version.value_or(-1), timeout);
    }

    /**
     * Releases the lock and waits until the server has confirmed it. May be called again, and after a loss. Throws
     * Status::timeout if the server does not confirm it in time; the release then goes on in the background. Never throws
     * Status::lock_lost.
     */
    void release(Timeout timeout = {}) { call(zkcoord_guard_release, timeout); }

    /** Starts set_data(). */
    template <class Done>
    auto set_data_async(const std::string &path, const std::string &data, std::optional<std::int32_t> version,
                        Timeout timeout, Done &&done) const {
        return start<void>(std::forward<Done>(done), zkcoord_guard_set_data_async, detail::text("path", path),
                           detail::bytes(data), data.size(), version.value_or(-1), timeout);
    }

    /** Starts create(). */
    template <class Done>
    auto create_async(const std::string &path, const std::string &data, Timeout timeout, Done &&done) const {
        return start<void>(std::forward<Done>(done), zkcoord_guard_create_async, detail::text("path", path),
                           detail::bytes(data), data.size(), timeout);
    }

    /** Starts remove(). */
    template <class Done>
    auto remove_async(const std::string &path, std::optional<std::int32_t> version, Timeout timeout,
                      Done &&done) const {
        return start<void>(std::forward<Done>(done), zkcoord_guard_delete_async, detail::text("path", path),
                           version.value_or(-1), timeout);
    }

    /** Starts release(). */
    template <class Done> auto release_async(Timeout timeout, Done &&done) {
        return start<void>(std::forward<Done>(done), zkcoord_guard_release_async, timeout);
    }

private:
    using AsyncHandle::AsyncHandle;

    template <class Function> void listen(Function function, std::function<void()> callback) const {
        detail::check_not_empty("callback", callback);
        detail::listen<>(std::move(callback),
                         [&](auto fn, void *user_data, auto destroy) { call(function, fn, user_data, destroy); });
    }

    /** The std::stop_source of lost(). Untyped, so that a guard has the same layout in C++17 and C++20. */
    std::shared_ptr<void> lost_;
};

}  // namespace zkcoord

#endif  // ZKCOORD_GUARD_HPP
