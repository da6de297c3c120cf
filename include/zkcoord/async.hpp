/**
 * @file zkcoord/async.hpp
 * Asynchronous calls and callbacks. Include zkcoord.hpp instead.
 *
 * Every call that waits has an asynchronous variant, whose name ends with _async and which returns without waiting. It takes
 * all arguments of the waiting call, without defaults, and a callback as the last one. It returns an Op:
 *
 *     auto op = mutex.acquire_async(5s, [](zkcoord::Outcome<zkcoord::Guard> outcome) {
 *         if (outcome) use(outcome.get()); // or get() throws what acquire() would have thrown
 *     });
 *
 * With zkcoord::use_future in place of the callback it returns a std::future:
 *
 *     std::future<zkcoord::Guard> guard = mutex.acquire_async(5s, zkcoord::use_future);
 *
 * Failures that are known at once, as for an invalid argument, are thrown by the call itself, and the callback is not
 * called. Otherwise the callback is called once, on a thread of zkcoord, possibly before the call has returned. All callbacks
 * run one after another on that thread. A callback must not wait: waiting calls throw Status::would_deadlock there, and
 * std::future::get() would wait forever. An exception that leaves a callback is discarded. A callback is destroyed after
 * its last call.
 *
 * In C++20 the calls that wait for other clients also take a std::stop_token as their first argument:
 * `mutex.acquire(token, 5s)` throws Status::cancelled if the token is asked to stop, and then holds nothing.
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

/** The outcome of an asynchronous call: either a value, which void calls do not have, or an Error. */
template <class T> class Outcome {
public:
    using Value = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

    Outcome(Value value) : value_(std::move(value)) {}
    Outcome(Error error) : error_(std::move(error)) {}

    /** Returns whether the call succeeded. */
    explicit operator bool() const noexcept { return !error_; }

    /** Returns the error of a call that failed. Throws std::bad_optional_access if it succeeded. */
    const Error &error() const { return error_.value(); }

    /** Returns the value, and leaves a moved-from one behind. Throws the error of a call that failed. */
    T get() {
        if (error_) throw Error(*error_);
        if constexpr (!std::is_void_v<T>) return std::move(*value_);
    }

private:
    std::optional<Value> value_;
    std::optional<Error> error_;
};

/** The type of use_future. */
struct use_future_t {};

/** Takes the place of a callback: the call then returns a std::future. */
inline constexpr use_future_t use_future{};

namespace detail {

/** Makes callbacks of C, with these arguments, of function objects. */
template <class... Arguments> struct Callback {
    template <class F> static void call(Arguments... arguments, void *user_data) noexcept {
        try {
            (*static_cast<F *>(user_data))(arguments...);
        } catch (...) {  // An exception must not reach C.
        }
    }

    template <class F> static void destroy(void *user_data) noexcept { delete static_cast<F *>(user_data); }
};

/** Throws Status::invalid_argument for a std::function that holds no function. */
template <class F> void check_not_empty(const char *, const F &) {}
template <class R, class... Arguments>
void check_not_empty(const char *argument, const std::function<R(Arguments...)> &function) {
    if (!function) throw Error(Status::invalid_argument, std::string(argument) + ": must not be empty");
}

template <class... Results> class Completion;

}  // namespace detail

/** An operation that an asynchronous call has started. Destroying the Op does not end the operation. */
class Op : public detail::Handle<zkcoord_op, zkcoord_op_free> {
public:
    /**
     * Cancels the operation: the callback gets Status::cancelled, unless the operation has ended before. A lock that is
     * granted at that moment is released.
     */
    void cancel() const noexcept { zkcoord_op_cancel(capi()); }

    /** Waits until the callback has returned and is destroyed. Throws Status::timeout if the timeout passes first. */
    void wait(Timeout timeout = {}) const { call(zkcoord_op_wait, timeout); }

private:
    using Handle::Handle;
};

/**
 * Keeps a callback registered until it is destroyed. After that no new call begins, but one may still be running: the
 * callback should own the objects that it uses.
 */
class [[nodiscard]] Subscription : public detail::Handle<zkcoord_subscription, zkcoord_subscription_free> {
private:
    using Handle::Handle;
};

namespace detail {

/** Starts calls whose completion functions in C get these results. */
template <class... Results> class Completion {
public:
    /**
     * Calls `function(arguments..., done, user_data, destroy, &op, &err)`. `make` makes the value of the Outcome of the
     * results. Returns an Op, or a std::future if `done` is use_future.
     */
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
                          "the callback must be callable with an Outcome of the result");
            check_not_empty("done", done);
            return start<Value>(std::forward<Done>(done), std::move(make), function, arguments...);
        }
    }

    /** Returns a function object that takes the arguments of C's completion function and calls `done` with the Outcome. */
    template <class Value, class Done, class Make> static auto completing(Done &&done, Make make) {
        return [done = std::decay_t<Done>(std::forward<Done>(done)),
                make = std::move(make)](zkcoord_status status, Results... results, const zkcoord_error *error) mutable {
            if (status != ZKCOORD_STATUS_OK) {
                done(Outcome<Value>(Error(static_cast<Status>(status), zkcoord_error_message(error))));
            } else if constexpr (std::is_void_v<Value>) {
                (void)make;  // without this clang warns that it is unused
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
        return Factory::make<Op>(op);
    }
};

/** Starts a call with a `Result`: the asynchronous variant of detail::result(), or of detail::call() for void. */
template <class Result, class Done, class Function, class... Arguments>
auto start(Done &&done, Function function, Arguments... arguments) {
    if constexpr (std::is_void_v<Result>) {
        return Completion<>::begin(std::forward<Done>(done), [] {}, function, arguments...);
    } else {
        using Raw = typename FromC<Result>::Raw;
        return Completion<Raw>::begin(std::forward<Done>(done), FromC<Result>::make, function, arguments...);
    }
}

/** Passes a callback with these parameters to C by `add(fn, user_data, destroy)`. */
template <class... Parameters, class F, class Add> void listen(F callback, Add add) {
    using AsCallback = Callback<Parameters...>;
    add(&AsCallback::template call<F>, static_cast<void *>(new F(std::move(callback))),
        &AsCallback::template destroy<F>);
}

/** A Handle whose functions may be asynchronous or take callbacks. */
template <class T, void (*Free)(T *)> class AsyncHandle : public Handle<T, Free> {
protected:
    using Handle<T, Free>::Handle;

    template <class Result, class Done, class Function, class... Arguments>
    auto start(Done &&done, Function function, Arguments... arguments) const {
        return detail::start<Result>(std::forward<Done>(done), function, this->capi(), arguments...);
    }

    template <class... Parameters, class Function, class F>
    Subscription subscribe(Function function, F callback) const {
        zkcoord_subscription *subscription = nullptr;
        listen<Parameters...>(std::move(callback), [&](auto fn, void *user_data, auto destroy) {
            this->call(function, fn, user_data, destroy, &subscription);
        });
        return Factory::make<Subscription>(subscription);
    }
};

#if defined(__cpp_lib_jthread)
/** Waits for the operation that `start(done)` starts, and cancels it when the token is asked to stop. */
template <class Value, class Start> Value wait_or_stop(const std::stop_token &stop, Start start) {
    if (stop.stop_requested()) throw Error(Status::cancelled, "the stop token was asked to stop before the call");
    // Shared with the callback, which may run after this function has returned: op.wait() throws in a callback.
    const auto received = std::make_shared<std::optional<Outcome<Value>>>();
    const Op op = start([received](Outcome<Value> outcome) { received->emplace(std::move(outcome)); });
    try {
        const std::stop_callback cancelling(stop, [&op] { op.cancel(); });
        op.wait();
    } catch (...) {
        op.cancel();
        throw;
    }
    return received->value().get();
}
#endif

}  // namespace detail

}  // namespace zkcoord

#endif  // ZKCOORD_ASYNC_HPP
