#include "address_rules.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

namespace switchhook::https {
namespace {

struct Range {
    const char* network;
    const char* what;
};

// IANA special-purpose registries (RFC 6890 and its updates). The order gives the more telling word first.
constexpr Range kRefused[] = {
    {"127.0.0.0/8", "loopback"},
    {"10.0.0.0/8", "private"},
    {"172.16.0.0/12", "private"},
    {"192.168.0.0/16", "private"},
    {"169.254.0.0/16", "link-local (cloud metadata)"},
    {"100.64.0.0/10", "shared by carriers"},
    {"0.0.0.0/8", "this network"},
    {"192.0.0.0/24", "reserved for protocols"},
    {"192.0.2.0/24", "documentation"},
    {"198.51.100.0/24", "documentation"},
    {"203.0.113.0/24", "documentation"},
    {"192.88.99.0/24", "6to4 relay"},
    {"198.18.0.0/15", "benchmarking"},
    {"224.0.0.0/4", "multicast"},
    {"240.0.0.0/4", "reserved or broadcast"},
    {"::1/128", "loopback"},
    {"::/128", "unspecified"},
    // All of ::/8 and not a list of encodings: ::127.0.0.1, ::ffff:0:7f00:1 (SIIT), ::5efe:7f00:1 (ISATAP),
    // 64:ff9b:1::/48.
    {"::/8", "an embedded or reserved address"},
    {"fc00::/7", "private"},
    {"fe80::/10", "link-local"},
    {"fec0::/10", "site-local"},
    {"ff00::/8", "multicast"},
    {"100::/64", "discard"},
    {"5f00::/16", "segment routing"},
    {"2001::/32", "Teredo tunnel"},
    {"2001::/23", "reserved for protocols"},
    {"2001:db8::/32", "documentation"},
    {"3fff::/20", "documentation"},
    {"2002::/16", "6to4 tunnel"},
};

Network required(const char* text) {
    return Network::parse(text).value();
}

}  // namespace

std::optional<Address> Address::parse(std::string_view text) {
    if (text.empty() || text.size() >= INET6_ADDRSTRLEN) return std::nullopt;
    const std::string terminated(text);
    if (terminated.size() != std::strlen(terminated.c_str())) return std::nullopt;
    Address address;
    if (::inet_pton(AF_INET, terminated.c_str(), address.bytes_.data()) == 1) return address;
    address.v4_ = false;
    if (::inet_pton(AF_INET6, terminated.c_str(), address.bytes_.data()) == 1) return address;
    return std::nullopt;
}

std::optional<Address> Address::from(const sockaddr& socket_address) {
    Address address;
    if (socket_address.sa_family == AF_INET) {
        sockaddr_in in{};
        std::memcpy(&in, &socket_address, sizeof in);
        std::memcpy(address.bytes_.data(), &in.sin_addr, 4);
        return address;
    }
    if (socket_address.sa_family == AF_INET6) {
        sockaddr_in6 in{};
        std::memcpy(&in, &socket_address, sizeof in);
        std::memcpy(address.bytes_.data(), &in.sin6_addr, 16);
        address.v4_ = false;
        return address;
    }
    return std::nullopt;
}

std::string Address::text() const {
    char buffer[INET6_ADDRSTRLEN] = {};
    ::inet_ntop(v4_ ? AF_INET : AF_INET6, bytes_.data(), buffer, sizeof buffer);
    return buffer;
}

std::optional<Network> Network::parse(std::string_view text) {
    const auto slash = text.find('/');
    const auto address = Address::parse(text.substr(0, slash));
    if (!address) return std::nullopt;
    Network network;
    network.first_ = *address;
    const unsigned width = address->v4() ? 32 : 128;
    network.bits_ = width;
    if (slash != std::string_view::npos) {
        const auto digits = text.substr(slash + 1);
        if (digits.empty() || digits.size() > 3 || (digits.size() > 1 && digits[0] == '0')) return std::nullopt;
        const auto* end = digits.data() + digits.size();
        const auto [stop, error] = std::from_chars(digits.data(), end, network.bits_);
        if (error != std::errc{} || stop != end || network.bits_ > width) return std::nullopt;
    }
    for (unsigned bit = network.bits_; bit < width; ++bit)
        if ((address->bytes_[bit / 8] >> (7 - bit % 8)) & 1) return std::nullopt;
    return network;
}

bool Network::contains(const Address& address) const noexcept {
    if (address.v4_ != first_.v4_) return false;
    const unsigned whole = bits_ / 8;
    if (!std::equal(first_.bytes_.begin(), first_.bytes_.begin() + whole, address.bytes_.begin())) return false;
    const unsigned rest = bits_ % 8;
    return rest == 0 || ((first_.bytes_[whole] ^ address.bytes_[whole]) >> (8 - rest)) == 0;
}

AddressRules::AddressRules(std::vector<Network> allow)
    : allow_(std::move(allow)),
      mapped_(required("::ffff:0:0/96")),
      nat64_(required("64:ff9b::/96")),
      global_(required("2000::/3")) {
    refused_.reserve(std::size(kRefused));
    for (const auto& range : kRefused) refused_.push_back({required(range.network), range.what});
}

const char* AddressRules::refusal(const Address& address) const noexcept {
    for (const auto& network : allow_)
        if (network.contains(address)) return nullptr;
    if (mapped_.contains(address) || nat64_.contains(address)) {
        Address inner;  // what the packet reaches in the end
        std::copy_n(address.bytes_.begin() + 12, 4, inner.bytes_.begin());
        return refusal(inner);
    }
    for (const auto& [network, what] : refused_)
        if (network.contains(address)) return what;
    // RFC 4291 2.5.4: only 2000::/3 has been given out so far.
    if (!address.v4() && !global_.contains(address)) return "not a global unicast address";
    return nullptr;
}

}  // namespace switchhook::https
