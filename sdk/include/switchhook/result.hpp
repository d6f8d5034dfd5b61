// Status and Result: how every call across a contract says whether it worked.
// The path of an event throws nothing; constructors that build from configuration may throw std::exception.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>

namespace switchhook {
inline namespace abi1 {

// What kind of failure it was. Zero is never a value, so that a forgotten one is visible.
enum class Code : std::uint8_t {
    ok = 1,
    invalid,      // the input is wrong and stays wrong
    not_found,    // what was named does not exist
    conflict,     // it contradicts what is there
    corrupt,      // stored bytes cannot be trusted; nothing was overwritten
    internal,     // a fault of ours, or an exception that escaped a plugin
    unavailable,  // worth a retry: a service or the network is away
    full,         // worth a retry: a limit or the disk is reached
};

// The outcome of a call without a value. Cheap to copy when ok.
class [[nodiscard]] Status {
public:
    Status() = default;  // ok
    Status(Code code, std::string message) : code_(code), message_(std::move(message)) {}

    bool ok() const noexcept { return code_ == Code::ok; }
    explicit operator bool() const noexcept { return ok(); }
    Code code() const noexcept { return code_; }
    // Text for a person: what failed, where, and what to do. Never a secret. Empty when ok.
    const std::string& message() const noexcept { return message_; }
    // True when the same call may succeed later without a change of input.
    bool worth_retry() const noexcept { return code_ == Code::unavailable || code_ == Code::full; }

private:
    Code code_ = Code::ok;
    std::string message_;
};

// A value or the Status that explains its absence.
template <typename T>
class [[nodiscard]] Result {
public:
    Result(T value) : held_(std::in_place_index<0>, std::move(value)) {}
    Result(Status status) : held_(std::in_place_index<1>, std::move(status)) {}

    bool ok() const noexcept { return held_.index() == 0; }
    explicit operator bool() const noexcept { return ok(); }

    // Only when ok().
    T& value() & { return std::get<0>(held_); }
    const T& value() const& { return std::get<0>(held_); }
    T&& value() && { return std::get<0>(std::move(held_)); }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

    // ok when a value is held.
    Status status() const {
        const Status* const failure = std::get_if<1>(&held_);
        return failure != nullptr ? *failure : Status{};
    }

private:
    std::variant<T, Status> held_;
};

}  // namespace abi1
}  // namespace switchhook
