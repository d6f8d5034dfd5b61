// Which network addresses a delivery may go to: the public ones, and the networks that the operator opened.
// Plain values, no I/O. Everything here is immutable after construction and safe from any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct sockaddr;

namespace switchhook::https {

// An IPv4 or IPv6 address, in network byte order.
class Address {
public:
    // The canonical forms only: four decimal numbers without leading zeros, or RFC 4291 text without brackets and zone.
    static std::optional<Address> parse(std::string_view text);
    // Empty for any other family.
    static std::optional<Address> from(const sockaddr& socket_address);

    bool v4() const noexcept { return v4_; }
    std::string text() const;

    friend bool operator==(const Address&, const Address&) = default;

private:
    friend class Network;
    friend class AddressRules;
    std::array<std::uint8_t, 16> bytes_{};  // an IPv4 address fills the first four
    bool v4_ = true;
};

// A CIDR block.
class Network {
public:
    // "10.0.0.0/8", "fd00::/8", or one address. Empty when it is not that, or when bits behind the prefix are set
    // ("10.1.2.3/8" leaves open which network was meant).
    static std::optional<Network> parse(std::string_view text);
    bool contains(const Address& address) const noexcept;

private:
    Address first_;
    unsigned bits_ = 0;
};

class AddressRules {
public:
    AddressRules() : AddressRules(std::vector<Network>{}) {}
    // `allow` opens networks that are refused otherwise.
    explicit AddressRules(std::vector<Network> allow);

    // nullptr: may be connected to. Otherwise what the address is, in words ("loopback"). Static lifetime.
    const char* refusal(const Address& address) const noexcept;

private:
    struct Refused {
        Network network;
        const char* what;
    };
    std::vector<Network> allow_;
    std::vector<Refused> refused_;
    Network mapped_;
    Network nat64_;
    Network global_;
};

}  // namespace switchhook::https
