/**
 * @file zkcoord/base.hpp
 * What all of zkcoord.hpp stands on: errors, timeouts, and calls of zkcoord.h. Include zkcoord.hpp.
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

#include "../zkcoord.h"

namespace zkcoord {

/** What went wrong: `error.code() == zkcoord::Status::lock_lost`. See zkcoord_status for the meanings. */
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

/** The category of this library's error codes. */
inline const std::error_category &category() noexcept {
    struct Category final : std::error_category {
        const char *name() const noexcept override { return "zkcoord"; }

        std::string message(int status) const override { return zkcoord_status_name(status); }

        /** What the standard has a word for. */
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

inline std::error_code make_error_code(Status status) noexcept { return {static_cast<int>(status), category()}; }

}  // namespace zkcoord

template <> struct std::is_error_code_enum<zkcoord::Status> : std::true_type {};

namespace zkcoord {

/** What every failing call throws. `what()` is for people, `code()` for programs. */
class Error : public std::system_error {
public:
    Error(Status status, const std::string &message) : std::system_error(status, message) {}

    Status status() const noexcept { return static_cast<Status>(code().value()); }
};

/** How long a call may take: any std::chrono duration, or nothing to wait for ever. */
class Timeout {
public:
    constexpr Timeout() noexcept : milliseconds_(-1) {}

    template <class Rep, class Period>
    constexpr Timeout(std::chrono::duration<Rep, Period> duration) : milliseconds_(round_up(duration)) {}

    constexpr std::int64_t milliseconds() const noexcept { return milliseconds_; }

private:
    /** Up, so that a little time is not none; and never beyond what fits, or below 0, which would be for ever. */
    template <class Duration> static constexpr std::int64_t round_up(Duration duration) {
        constexpr auto max = std::numeric_limits<std::int64_t>::max();
        if (!(duration > Duration::zero())) return 0;
        if (std::chrono::duration<double, std::milli>(duration).count() >= static_cast<double>(max)) return max;
        return std::chrono::ceil<std::chrono::duration<std::int64_t, std::milli>>(duration).count();
    }

    std::int64_t milliseconds_;
};

namespace detail {

/** Throws what a C call has reported, and frees it. Stands for the last argument: `call(f, args...)` is `f(args..., &err)`. */
template <class... Parameters, class... Arguments>
void call(zkcoord_status (*function)(Parameters...), Arguments... arguments) {
    zkcoord_error *err = nullptr;
    const auto status = function(arguments..., &err);
    if (status == ZKCOORD_STATUS_OK) return;
    const std::unique_ptr<zkcoord_error, void (*)(zkcoord_error *)> owned(err, zkcoord_error_free);
    throw Error(static_cast<Status>(status), zkcoord_error_message(err));
}

/** As call(), for a function with a result: `result<T>(f, args...)` is what `f(args..., &out, &err)` stores in `out`. */
template <class Result, class Function, class... Arguments>
Result result(Function function, Arguments... arguments) {
    Result out{};
    call(function, arguments..., &out);
    return out;
}

/** A text for C, which would not see what follows a NUL. */
inline const char *text(const char *argument, const std::string &text) {
    if (text.find('\0') == std::string::npos) return text.c_str();
    throw Error(Status::invalid_argument, std::string(argument) + ": must not contain NUL");
}

/** Bytes for C. */
inline const std::uint8_t *bytes(const std::string &bytes) {
    return reinterpret_cast<const std::uint8_t *>(bytes.data());
}

/** Owns an object of C. */
template <class T, void (*Free)(T *)> class Handle {
public:
    /** The object, to call what zkcoord.h has. Still owned here. */
    T *capi() const noexcept { return object_.get(); }

protected:
    explicit Handle(T *object) noexcept : object_(object) {}

private:
    struct Deleter {
        void operator()(T *object) const noexcept { Free(object); }
    };
    std::unique_ptr<T, Deleter> object_;
};

/** Options of C, set one after another: `Options().this(1).that(2)`. */
template <class Self, class T, void (*Free)(T *)> class Settings : public Handle<T, Free> {
protected:
    using Handle<T, Free>::Handle;

    template <class Function, class... Arguments> Self &set(Function function, Arguments... arguments) {
        call(function, this->capi(), arguments...);
        return static_cast<Self &>(*this);
    }
};

/** What the body returns; nothing when it throws Status::timeout. */
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
