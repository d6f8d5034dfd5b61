// Addresses and networks as an allow list holds them.
#pragma once

#include <string_view>

namespace switchhook::config {

// IPv4 as four decimal numbers without leading zeros, or IPv6 (RFC 4291 2.2), each with an optional /length that fits.
// No zone, no port, no name, no IPv4 mapped into IPv6 (LiveKit never matches it). Bits behind the length may be set, as
// LiveKit accepts them (Go's net.ParseCIDR).
bool is_address_or_network(std::string_view text);

}  // namespace switchhook::config
