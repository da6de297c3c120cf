/**
 * @file zkcoord/base.hpp
 * The foundation of zkcoord.hpp: errors, timeouts, and calls of the functions of zkcoord.h. Include zkcoord.hpp instead.
 */
#ifndef ZKCOORD_BASE_HPP
#define ZKCOORD_BASE_HPP

#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>

#include "../zkcoord.h"

namespace zkcoord {

/** The cause of an Error: `error.code() == zkcoord::Status::lock_lost`. zkcoord_status documents the values. */
enum class Status {
    timeout = ZKCOORD_STATUS_TIMEOUT,
    cancelled = ZKCOORD_STATUS_CANCELLED,
    connection_lost = ZKCOORD_STATUS_CONNECTION_LOST,
    indeterminate = ZKCOORD_STATUS_INDETERMINATE,
    session_expired = ZKCOORD_STATUS_SESSION_EXPIRED,
    lock_lost = ZKCOORD_STATUS_LOCK_LOST,
    not_authorized = ZKCOORD_STATUS_NOT_AUTHORIZED,
    invalid_argument = ZKCOORD_STATUS_INVALID_ARGUMENT,
    bad_data = ZKCOORD_STATUS_BAD_DATA,
    overflow = ZKCOORD_STATUS_OVERFLOW,
    sequence_exhausted = ZKCOORD_STATUS_SEQUENCE_EXHAUSTED,
    quota = ZKCOORD_STATUS_QUOTA,
    would_deadlock = ZKCOORD_STATUS_WOULD_DEADLOCK,
    closed = ZKCOORD_STATUS_CLOSED,
    forked = ZKCOORD_STATUS_FORKED,
    unsupported = ZKCOORD_STATUS_UNSUPPORTED,
    internal = ZKCOORD_STATUS_INTERNAL,
};

/** The category of this library's error codes. The same object in every file of a program. */
inline const std::error_category &category() noexcept {
    struct Category final : std::error_category {
        const char *name() const noexcept override { return "zkcoord"; }

        std::string message(int status) const override { return zkcoord_status_name(status); }

        /** Maps the statuses that std::errc has a name for. The others are equivalent to no std::errc. */
        std::error_condition default_error_condition(int status) const noexcept override {
            switch (static_cast<Status>(status)) {
            case Status::timeout: return std::errc::timed_out;
            case Status::cancelled: return std::errc::operation_canceled;
            case Status::connection_lost: return std::errc::not_connected;
            case Status::not_authorized: return std::errc::permission_denied;
            case Status::invalid_argument: return std::errc::invalid_argument;
            case Status::overflow: return std::errc::result_out_of_range;
            case Status::would_deadlock: return std::errc::resource_deadlock_would_occur;
            case Status::unsupported: return std::errc::not_supported;
            default: return {status, *this};
            }
        }
    };
    static const Category category;
    return category;
}

/** Makes the std::error_code of a status, so that an error's code() can be compared with a Status. */
inline std::error_code make_error_code(Status status) noexcept { return {static_cast<int>(status), category()}; }

}  // namespace zkcoord

template <> struct std::is_error_code_enum<zkcoord::Status> : std::true_type {};

namespace zkcoord {

/** The exception that every failing call throws. Programs decide by `code()`; `what()` is a text for people. */
class Error : public std::system_error {
public:
    Error(Status status, const std::string &message) : std::system_error(status, message) {}

    /** Returns the status that `code()` stands for. */
    Status status() const noexcept { return static_cast<Status>(code().value()); }
};

/**
 * The longest time that a call may take. Made from any std::chrono duration, which is rounded up to whole milliseconds; zero
 * and negative durations try once. A default Timeout waits forever.
 */
class Timeout {
public:
    /** Waits forever. */
    constexpr Timeout() noexcept : milliseconds_(-1) {}

    template <class Rep, class Period>
    constexpr Timeout(std::chrono::duration<Rep, Period> duration) : milliseconds_(round_up(duration)) {}

    /** Returns the timeout in milliseconds as zkcoord.h takes it: -1 waits forever. */
    constexpr std::int64_t milliseconds() const noexcept { return milliseconds_; }

private:
    /**
     * Rounds up, so that less than a millisecond does not become 0. The result is at most the largest std::int64_t and at
     * least 0, because a negative one would wait forever.
     */
    template <class Duration> static constexpr std::int64_t round_up(Duration duration) {
        constexpr auto max = std::numeric_limits<std::int64_t>::max();
        if (!(duration > Duration::zero())) return 0;
        if (std::chrono::duration<double, std::milli>(duration).count() >= static_cast<double>(max)) return max;
        return std::chrono::ceil<std::chrono::duration<std::int64_t, std::milli>>(duration).count();
    }

    std::int64_t milliseconds_;
};

namespace detail {

/** Converts an argument to the type that zkcoord.h takes: durations to milliseconds, everything else to itself. */
template <class T> constexpr T to_c(T argument) noexcept { return argument; }
constexpr std::int64_t to_c(Timeout timeout) noexcept { return timeout.milliseconds(); }
constexpr std::int64_t to_c(std::chrono::milliseconds duration) noexcept { return duration.count(); }

/** Calls `function(arguments..., &err)`. Throws the Error that it reports, and frees that of C. */
template <class... Parameters, class... Arguments>
void call(zkcoord_status (*function)(Parameters...), Arguments... arguments) {
    zkcoord_error *err = nullptr;
    const auto status = function(to_c(arguments)..., &err);
    if (status == ZKCOORD_STATUS_OK) return;
    const std::unique_ptr<zkcoord_error, void (*)(zkcoord_error *)> owned(err, zkcoord_error_free);
    throw Error(static_cast<Status>(status), zkcoord_error_message(err));
}

/** Makes the classes of zkcoord.hpp, whose constructors are not public, of the objects of C that they own. */
struct Factory {
    template <class Class, class T> static Class make(T *object) { return Class(object); }
};

/**
 * Describes how C returns a `Result`: as a `Raw`, of which `make` makes the result. Numbers are the same in both languages.
 */
template <class Result, class = void> struct FromC {
    using Raw = Result;
    static Result make(Raw raw) noexcept { return raw; }
};

/** The classes that own an object of C. */
template <class Class> struct FromC<Class, std::void_t<decltype(std::declval<const Class &>().capi())>> {
    using Raw = decltype(std::declval<const Class &>().capi());
    static Class make(Raw object) { return Factory::make<Class>(object); }
};

/** The classes that own an object of C, where NULL is no failure. */
template <class Class> struct FromC<std::optional<Class>> {
    using Raw = typename FromC<Class>::Raw;
    static std::optional<Class> make(Raw object) {
        return object ? std::optional<Class>(FromC<Class>::make(object)) : std::nullopt;
    }
};

/** Calls `function(arguments..., &out, &err)` and returns what it stores in `out`. Throws as call() does. */
template <class Result, class Function, class... Arguments> Result result(Function function, Arguments... arguments) {
    typename FromC<Result>::Raw out{};
    call(function, arguments..., &out);
    return FromC<Result>::make(out);
}

/** Returns a text for C. Throws Status::invalid_argument if it contains a NUL, where C would take it to end. */
inline const char *text(const char *argument, const std::string &text) {
    if (text.find('\0') == std::string::npos) return text.c_str();
    throw Error(Status::invalid_argument, std::string(argument) + ": must not contain NUL");
}

/** Returns bytes for C, which takes their number as its next argument. */
inline const std::uint8_t *bytes(const std::string &bytes) {
    return reinterpret_cast<const std::uint8_t *>(bytes.data());
}

/** Owns an object of C, and calls the functions that take it as their first argument. */
template <class T, void (*Free)(T *)> class Handle {
public:
    /** Returns the object, for functions of zkcoord.h. This keeps owning it. */
    T *capi() const noexcept { return object_.get(); }

protected:
    explicit Handle(T *object) noexcept : object_(object) {}

    template <class Function, class... Arguments> void call(Function function, Arguments... arguments) const {
        detail::call(function, capi(), arguments...);
    }

    template <class Result, class Function, class... Arguments>
    Result result(Function function, Arguments... arguments) const {
        return detail::result<Result>(function, capi(), arguments...);
    }

private:
    friend struct Factory;

    struct Deleter {
        void operator()(T *object) const noexcept { Free(object); }
    };
    std::unique_ptr<T, Deleter> object_;
};

/** Options of C whose setters can be chained: `Options().this(1).that(2)`. */
template <class Self, class T, void (*Free)(T *)> class Settings : public Handle<T, Free> {
protected:
    using Handle<T, Free>::Handle;

    template <class Function, class... Arguments> Self &set(Function function, Arguments... arguments) {
        this->call(function, arguments...);
        return static_cast<Self &>(*this);
    }
};

/** Returns what the body returns, or nothing if it throws Status::timeout. */
template <class Body> auto unless_timeout(Body body) -> std::optional<decltype(body())> {
    try {
        return body();
    } catch (const Error &error) {
        if (error.status() == Status::timeout) return std::nullopt;
        throw;
    }
}

}  // namespace detail

}  // namespace zkcoord

#endif  // ZKCOORD_BASE_HPP
