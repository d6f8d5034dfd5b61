// Target: a hook's URL, read and judged. The one place that decides what a URL means.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <switchhook/result.hpp>

#include "address_rules.hpp"

namespace switchhook::https {

inline constexpr std::size_t kMaxUrlBytes = 2048;

struct Target {
    std::string url;   // as given, except that the host is in lower case and has no trailing dot
    std::string host;  // without brackets
    std::uint16_t port = 443;
    std::optional<Address> literal;  // the host, when it is an address
};

// Pure text: no look-up. An address in the URL is judged by `rules`; names are judged when they are resolved.
// Messages never repeat the URL, whose path and query may hold a secret.
Result<Target> read_target(std::string_view url, const AddressRules& rules);

}  // namespace switchhook::https
