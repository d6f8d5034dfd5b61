// The retry profiles of the engine, from what the configuration says of them.
#pragma once

#include "core/config/config.hpp"
#include "core/delivery/retry.hpp"

namespace switchhook::app {

delivery::RetryProfiles retry_profiles(const config::Delivery& delivery);

}  // namespace switchhook::app
