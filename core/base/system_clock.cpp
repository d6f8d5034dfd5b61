#include "core/base/system_clock.hpp"

namespace switchhook::base {

std::int64_t SystemClock::unix_ms() const {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

std::chrono::steady_clock::time_point SystemClock::steady() const {
    return std::chrono::steady_clock::now();
}

}  // namespace switchhook::base
