// A value that cannot be reached without its lock.
#pragma once

#include <mutex>
#include <utility>

namespace switchhook::base {

template <typename T>
class Guarded {
public:
    Guarded() = default;
    explicit Guarded(T value) : value_(std::move(value)) {}

    // Runs `use` with the value under the lock and returns what it returns. `use` does no I/O and calls no plugin.
    template <typename Use>
    decltype(auto) with(Use&& use) {
        const std::lock_guard lock(mutex_);
        return std::forward<Use>(use)(value_);
    }
    template <typename Use>
    decltype(auto) with(Use&& use) const {
        const std::lock_guard lock(mutex_);
        return std::forward<Use>(use)(std::as_const(value_));
    }

private:
    mutable std::mutex mutex_;
    T value_{};
};

}  // namespace switchhook::base
