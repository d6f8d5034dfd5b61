// The real time.
#pragma once

#include <switchhook/host.hpp>

namespace switchhook::base {

class SystemClock final : public Clock {
public:
    std::int64_t unix_ms() const override;
    std::chrono::steady_clock::time_point steady() const override;
};

}  // namespace switchhook::base
