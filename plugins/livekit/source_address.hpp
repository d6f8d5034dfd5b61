// The entries of allowed_addresses: whose packets LiveKit takes calls from.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <switchhook/result.hpp>

namespace switchhook::livekit_api {

// What LiveKit compares with a packet's source address (livekit-protocol sip/sip.go matchAddrMask): an IPv4 or IPv6
// address or CIDR block, without brackets, zone or port. Code::invalid names the entry.
//
// Nothing else may ever be sent: LiveKit accepts any text (200), compares a host name with the From header, which the
// caller writes, and takes calls from everybody once all entries are unreadable.
Status check_source_address(std::string_view entry);

// All of them, the first of each kind of equal texts. Code::invalid: an entry is wrong, or there is none.
Result<std::vector<std::string>> source_addresses(std::span<const std::string> entries);

}  // namespace switchhook::livekit_api
