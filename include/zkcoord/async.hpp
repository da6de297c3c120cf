/**
 * @file zkcoord/async.hpp
 * Calls that do not wait, and callbacks. Include zkcoord.hpp.
 *
 * Every call that waits has a twin whose name ends with _async. It takes a callback behind the timeout, and returns an Op:
 *
 *     auto op = mutex.acquire_async(5s, [](zkcoord::Outcome<zkcoord::Guard> outcome) {
 *         if (outcome) use(outcome.get()); // or get() throws what acquire() would have thrown
 *     });
 *
 * or zkcoord::use_future instead of a callback, and returns a std::future:
 *
 *     std::future<zkcoord::Guard> guard = mutex.acquire_async(5s, zkcoord::use_future);
 *
 * What is known to fail at once, as for an argument that cannot be, is thrown by the call itself. Otherwise the callback is
 * called once, on a thread of zkcoord, perhaps before the call has returned; all callbacks run one after another there. It
 * must not wait: waiting calls throw Status::would_deadlock there, and a std::future::get() would wait for ever. What it
 * throws is lost. It is destroyed after its last call.
 *
 * In C++20 the calls that wait for others take a std::stop_token too, before all else: `mutex.acquire(token, 5s)` throws
 * Status::cancelled when the token is asked to stop, and holds nothing then.
 */
#ifndef ZKCOORD_ASYNC_HPP
#define ZKCOORD_ASYNC_HPP

#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#if __has_include(<stop_token>)
#include <stop_token>
#endif

#include "base.hpp"

namespace zkcoord {

/** What came of a call: a value, or nothing for void; or an Error. */
template <class T> class Outcome {
public:
    using Value = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

    Outcome(Value value) : value_(std::move(value)) {}
    Outcome(Error error) : error_(std::move(error)) {}

    /** Whether it went well. */
    explicit operator bool() const noexcept { return !error_; }

    /** What went wrong; only when something did. */
    const Error &error() const { return error_.value(); }

    /** The value, once; or throws the error. */
    T get() {
        if (error_) throw Error(*error_);
        if constexpr (!std::is_void_v<T>) return std::move(*value_);
    }

private:
    std::optional<Value> value_;
    std::optional<Error> error_;
};

/** In place of a callback: have the call return a std::future. */
struct use_future_t {};
inline constexpr use_future_t use_future{};

namespace detail {

/** The callbacks of C with these arguments, as they are made of function objects. */
template <class... Arguments> struct Callback {
    template <class F> static void call(Arguments... arguments, void *user_data) noexcept {
        try {
            (*static_cast<F *>(user_data))(arguments...);
        } catch (...) {  // No exception may reach C.
        }
    }

    template <class F> static void destroy(void *user_data) noexcept { delete static_cast<F *>(user_data); }
};

/** Refuses a std::function without a function. */
template <class F> void check_not_empty(const char *, const F &) {}
template <class R, class... Arguments>
void check_not_empty(const char *argument, const std::function<R(Arguments...)> &function) {
    if (!function) throw Error(Status::invalid_argument, std::string(argument) + ": must not be empty");
}

template <class... Results> class Completion;

}  // namespace detail

/** An operation that an asynchronous call has started. It goes on when this is destroyed. */
class Op : public detail::Handle<zkcoord_op, zkcoord_op_free> {
public:
    /**
     * Cancels the operation: the callback gets Status::cancelled, unless it was done already. A lock granted at that moment
     * is given back.
     */
    void cancel() const noexcept { zkcoord_op_cancel(capi()); }

    /** Waits until the callback has returned and is destroyed. Throws Status::timeout when the timeout passes first. */
    void wait(Timeout timeout = {}) const { detail::call(zkcoord_op_wait, capi(), timeout.milliseconds()); }

private:
    template <class... Results> friend class detail::Completion;
    using Handle::Handle;
};

/**
 * A callback that is called again and again, until this is destroyed: then no call begins any more, but one may be under
 * way. So it should own what it uses.
 */
class [[nodiscard]] Subscription : public detail::Handle<zkcoord_subscription, zkcoord_subscription_free> {
private:
    friend class Client;
    friend class Counter;
    using Handle::Handle;
};

namespace detail {

/** Completion functions of C with these results. */
template <class... Results> class Completion {
public:
    /** Begins `function(arguments..., done, user_data, destroy, &op, &err)`; `make` makes the value of the results. */
    template <class Done, class Make, class Function, class... Arguments>
    static auto begin(Done &&done, Make make, Function function, Arguments... arguments) {
        using Value = std::invoke_result_t<Make &, Results...>;
        if constexpr (std::is_same_v<std::decay_t<Done>, use_future_t>) {
            std::promise<Value> promise;
            auto future = promise.get_future();
            start<Value>(Promise<Value>{std::move(promise)}, std::move(make), function, arguments...);
            return future;
        } else {
            static_assert(std::is_invocable_v<std::decay_t<Done> &, Outcome<Value>>,
                          "done is called with an Outcome of the result");
            check_not_empty("done", done);
            return start<Value>(std::forward<Done>(done), std::move(make), function, arguments...);
        }
    }

    /** A function object that is called as C's completion function. */
    template <class Value, class Done, class Make> static auto completing(Done &&done, Make make) {
        return [done = std::decay_t<Done>(std::forward<Done>(done)),
                make = std::move(make)](zkcoord_status status, Results... results, const zkcoord_error *error) mutable {
            if (status != ZKCOORD_STATUS_OK) {
                done(Outcome<Value>(Error(static_cast<Status>(status), zkcoord_error_message(error))));
            } else if constexpr (std::is_void_v<Value>) {
                done(Outcome<void>(std::monostate()));
            } else {
                done(Outcome<Value>(make(results...)));
            }
        };
    }

private:
    template <class Value> struct Promise {
        void operator()(Outcome<Value> outcome) {
            try {
                if constexpr (std::is_void_v<Value>) {
                    outcome.get();
                    promise.set_value();
                } else {
                    promise.set_value(outcome.get());
                }
            } catch (...) {
                promise.set_exception(std::current_exception());
            }
        }

        std::promise<Value> promise;
    };

    template <class Value, class Done, class Make, class Function, class... Arguments>
    static Op start(Done &&done, Make make, Function function, Arguments... arguments) {
        auto complete = completing<Value>(std::forward<Done>(done), std::move(make));
        using Complete = decltype(complete);
        using AsCallback = Callback<zkcoord_status, Results..., const zkcoord_error *>;
        zkcoord_op *op = nullptr;
        call(function, arguments..., &AsCallback::template call<Complete>,
             static_cast<void *>(new Complete(std::move(complete))), &AsCallback::template destroy<Complete>, &op);
        return Op(op);
    }
};

/** Begins a call whose result in C and here is the same, or none. */
template <class... Results, class Done, class Function, class... Arguments>
auto begin_same(Done &&done, Function function, Arguments... arguments) {
    if constexpr (sizeof...(Results) == 0) {
        return Completion<>::begin(std::forward<Done>(done), [] {}, function, arguments...);
    } else {
        const auto same = [](Results... results) { return (results, ...); };
        return Completion<Results...>::begin(std::forward<Done>(done), same, function, arguments...);
    }
}

/** Has `with(fn, user_data, destroy)` register a callback of C with these parameters. */
template <class... Parameters, class Tell, class Register> void listen(Tell tell, Register with) {
    using AsCallback = Callback<Parameters...>;
    with(&AsCallback::template call<Tell>, static_cast<void *>(new Tell(std::move(tell))),
         &AsCallback::template destroy<Tell>);
}

#if defined(__cpp_lib_jthread)
/** Waits for what `start(done)` begins, and cancels it when the token is asked to stop. */
template <class Value, class Start> Value wait_or_stop(const std::stop_token &stop, Start start) {
    if (stop.stop_requested()) throw Error(Status::cancelled, "stopped before the call");
    // Shared, because the operation goes on for a moment when there is no waiting for it.
    const auto came = std::make_shared<std::optional<Outcome<Value>>>();
    const Op op = start([came](Outcome<Value> outcome) { came->emplace(std::move(outcome)); });
    try {
        const std::stop_callback cancelling(stop, [&op] { op.cancel(); });
        op.wait();
    } catch (...) {
        op.cancel();
        throw;
    }
    return came->value().get();
}
#endif

}  // namespace detail

}  // namespace zkcoord

#endif  // ZKCOORD_ASYNC_HPP
