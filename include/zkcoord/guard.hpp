/**
 * @file zkcoord/guard.hpp
 * What is held: a lock, several locks, a semaphore's permits. Include zkcoord.hpp.
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

/** One node of a guard, with its fencing token. */
struct NodeToken {
    std::string node; /**< its path, below the client's chroot */
    std::uint64_t token;
};

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

    /**
     * Every node of the guard with its token: of several locks, in the order of their paths. Each fences what its own lock
     * protects: compare tokens of one path only. token() is the first one's.
     */
    std::vector<NodeToken> tokens() const {
        std::vector<NodeToken> tokens;
        for (std::size_t i = 0; i < zkcoord_guard_token_count(capi()); i++)
            tokens.push_back({zkcoord_guard_node_at(capi(), i), zkcoord_guard_token_at(capi(), i)});
        return tokens;
    }

    /** Whether the lock is held for certain at this moment. Costs no round trip. */
    bool is_held() const noexcept { return zkcoord_guard_is_held(capi()); }

    /**
     * How much longer the lock is held for certain if no server answers from now on; zero when it is not held any more. Costs
     * no round trip. While servers answer it stays between 3/8 and 5/8 of the session timeout.
     */
    std::chrono::milliseconds lease_remaining() const noexcept {
        return std::chrono::milliseconds(zkcoord_guard_lease_remaining(capi()));
    }

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

    template <class Done>
    auto set_data_async(const std::string &path, const std::string &data, std::optional<std::int32_t> version,
                        Timeout timeout, Done &&done) const {
        return detail::begin_same<>(std::forward<Done>(done), zkcoord_guard_set_data_async, capi(),
                                    detail::text("path", path), detail::bytes(data), data.size(), version.value_or(-1),
                                    timeout.milliseconds());
    }

    template <class Done>
    auto create_async(const std::string &path, const std::string &data, Timeout timeout, Done &&done) const {
        return detail::begin_same<>(std::forward<Done>(done), zkcoord_guard_create_async, capi(),
                                    detail::text("path", path), detail::bytes(data), data.size(), timeout.milliseconds());
    }

    template <class Done>
    auto remove_async(const std::string &path, std::optional<std::int32_t> version, Timeout timeout, Done &&done) const {
        return detail::begin_same<>(std::forward<Done>(done), zkcoord_guard_delete_async, capi(),
                                    detail::text("path", path), version.value_or(-1), timeout.milliseconds());
    }

    template <class Done> auto release_async(Timeout timeout, Done &&done) {
        return detail::begin_same<>(std::forward<Done>(done), zkcoord_guard_release_async, capi(), timeout.milliseconds());
    }

private:
    friend class Mutex;
    friend class ReentrantMutex;
    friend class MultiMutex;
    friend class Semaphore;
    using Handle::Handle;

    /** The guard of a try, if it has got one. */
    static std::optional<Guard> if_any(zkcoord_guard *guard) {
        return guard ? std::optional<Guard>(Guard(guard)) : std::nullopt;
    }

    /** Begins a call for a guard. */
    template <class Done, class Function, class... Arguments>
    static auto begin(Done &&done, Function function, Arguments... arguments) {
        const auto make = [](zkcoord_guard *guard) { return Guard(guard); };
        return detail::Completion<zkcoord_guard *>::begin(std::forward<Done>(done), make, function, arguments...);
    }

    /** Begins a try. */
    template <class Done, class Function, class... Arguments>
    static auto begin_try(Done &&done, Function function, Arguments... arguments) {
        const auto make = [](zkcoord_guard *guard) { return if_any(guard); };
        return detail::Completion<zkcoord_guard *>::begin(std::forward<Done>(done), make, function, arguments...);
    }

    template <class Function> void tell_when(Function function, std::function<void()> tell) const {
        detail::check_not_empty("tell", tell);
        detail::listen<>(std::move(tell), [&](auto call, void *user_data, auto destroy) {
            detail::call(function, capi(), call, user_data, destroy);
        });
    }

    /** The std::stop_source of lost(). Untyped, so that a guard looks the same in C++17 and C++20. */
    std::shared_ptr<void> lost_;
};

}  // namespace zkcoord

#endif  // ZKCOORD_GUARD_HPP
