#include "source_address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "failure.hpp"

namespace switchhook::livekit_api {
namespace {

constexpr std::size_t kMaxEntryBytes = 64;

bool has_prefix_length(std::string_view digits, unsigned width) {
    unsigned bits = 0;
    if (digits.empty() || digits.size() > 3 || (digits.size() > 1 && digits[0] == '0')) return false;
    const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    return error == std::errc{} && stop == digits.data() + digits.size() && bits <= width;
}

}  // namespace

Status check_source_address(std::string_view entry) {
    const auto refuse = [entry](std::string_view why) {
        return Status(Code::invalid, "allowed_addresses: '" + clean(entry) + "' " + std::string(why));
    };
    constexpr std::string_view kForms =
        "is no IPv4 or IPv6 address or CIDR block (192.0.2.7, 54.172.60.0/30, 2001:db8::/32)";
    if (entry.empty() || entry.size() > kMaxEntryBytes || entry.find('\0') != std::string_view::npos)
        return refuse(kForms);
    const auto slash = entry.find('/');
    const std::string address(entry.substr(0, slash));
    in_addr v4{};
    in6_addr v6{};
    const bool is_v4 = ::inet_pton(AF_INET, address.c_str(), &v4) == 1;
    const bool is_v6 = !is_v4 && ::inet_pton(AF_INET6, address.c_str(), &v6) == 1;
    if (!is_v4 && !is_v6) return refuse(kForms);
    if (slash != std::string_view::npos && !has_prefix_length(entry.substr(slash + 1), is_v4 ? 32 : 128))
        return refuse("has a prefix length that is none");
    if (is_v6 && IN6_IS_ADDR_V4MAPPED(&v6))
        return refuse("is an IPv4 address in IPv6 form, which LiveKit never matches; write it as IPv4");
    return {};
}

Result<std::vector<std::string>> source_addresses(std::span<const std::string> entries) {
    if (entries.empty())
        return Status(Code::invalid, "allowed_addresses is empty: LiveKit would take calls from everybody");
    std::vector<std::string> addresses;
    for (const auto& entry : entries) {
        if (auto status = check_source_address(entry); !status) return status;
        if (std::ranges::find(addresses, entry) == addresses.end()) addresses.push_back(entry);
    }
    return addresses;
}

}  // namespace switchhook::livekit_api
