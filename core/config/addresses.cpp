#include "core/config/addresses.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <charconv>
#include <string>

namespace switchhook::config {
namespace {

bool is_number(std::string_view text, unsigned max) {
    unsigned number = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    return error == std::errc{} && rest == end && number <= max && (text.size() == 1 || text.front() != '0');
}

bool is_ipv4(std::string_view text) {
    for (int group = 0; group < 4; ++group) {
        const auto dot = text.find('.');
        const bool last = group == 3;
        if ((dot == std::string_view::npos) != last || !is_number(text.substr(0, dot), 255)) return false;
        if (!last) text.remove_prefix(dot + 1);
    }
    return true;
}

bool is_ipv6(std::string_view text) {
    if (text.size() >= INET6_ADDRSTRLEN || text.find('\0') != std::string_view::npos) return false;
    struct in6_addr address {};
    // LiveKit sees an IPv4 caller as IPv4 and never matches the mapped form.
    return ::inet_pton(AF_INET6, std::string(text).c_str(), &address) == 1 && !IN6_IS_ADDR_V4MAPPED(&address);
}

}  // namespace

bool is_address_or_network(std::string_view text) {
    const auto slash = text.find('/');
    const std::string_view address = text.substr(0, slash);
    const bool v4 = is_ipv4(address);
    if (!v4 && !is_ipv6(address)) return false;
    return slash == std::string_view::npos || is_number(text.substr(slash + 1), v4 ? 32 : 128);
}

}  // namespace switchhook::config
