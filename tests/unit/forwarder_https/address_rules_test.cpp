#include "address_rules.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cstring>
#include <string>

namespace switchhook::https {
namespace {

bool open_by_default(const std::string& text) {
    const auto address = Address::parse(text);
    EXPECT_TRUE(address.has_value()) << text;
    return address && AddressRules().refusal(*address) == nullptr;
}

class RefusedAddress : public ::testing::TestWithParam<const char*> {};

TEST_P(RefusedAddress, IsRefusedByDefault) {
    EXPECT_FALSE(open_by_default(GetParam()));
}

// First and last of every block of IANA's special-purpose registries, and the encodings that filters have missed.
INSTANTIATE_TEST_SUITE_P(IPv4, RefusedAddress,
                         ::testing::Values("0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0",
                                           "100.127.255.255", "127.0.0.1", "127.255.255.255", "169.254.0.0",
                                           "169.254.169.254", "169.254.255.255", "172.16.0.0", "172.31.255.255",
                                           "192.0.0.0", "192.0.0.255", "192.0.2.0", "192.0.2.255", "192.88.99.0",
                                           "192.88.99.255", "192.168.0.0", "192.168.255.255", "198.18.0.0",
                                           "198.19.255.255", "198.51.100.0", "198.51.100.255", "203.0.113.0",
                                           "203.0.113.255", "224.0.0.0", "239.255.255.255", "240.0.0.0",
                                           "255.255.255.254", "255.255.255.255"));

INSTANTIATE_TEST_SUITE_P(
    IPv6, RefusedAddress,
    ::testing::Values("::", "::1", "::2", "::7f00:1", "::127.0.0.1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
                      "::ffff:169.254.169.254", "::ffff:0.0.0.0", "::ffff:0:7f00:1", "::ffff:0:808:808",
                      "::5efe:7f00:1", "64:ff9b::127.0.0.1", "64:ff9b::10.1.2.3", "64:ff9b::169.254.169.254",
                      "64:ff9b:1::1", "64:ff9b:1::8.8.8.8", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "ff:ffff::1",
                      "100::", "100::ffff:ffff:ffff:ffff", "200::1", "1fff:ffff::1", "2001::", "2001::1",
                      "2001:0:808:808::1", "2001:2::1", "2001:10::1", "2001:1ff:ffff::1", "2001:db8::",
                      "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2002::", "2002:7f00:1::", "2002:808:808::1",
                      "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff",
                      "4000::1", "5f00::", "5f00:ffff::1", "6000::1", "fbff::1", "fc00::", "fd00:ec2::254",
                      "fdff:ffff::1", "fe00::1", "fe80::", "fe80::1", "febf:ffff::1", "fec0::", "feff:ffff::1",
                      "ff00::", "ff02::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"));

class OpenAddress : public ::testing::TestWithParam<const char*> {};

TEST_P(OpenAddress, MayBeReached) {
    EXPECT_TRUE(open_by_default(GetParam()));
}

// The neighbours of those blocks.
INSTANTIATE_TEST_SUITE_P(Neighbours, OpenAddress,
                         ::testing::Values("1.0.0.0", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255",
                                           "100.128.0.0", "126.255.255.255", "128.0.0.0", "169.253.255.255",
                                           "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.0.3.0",
                                           "192.88.98.255", "192.88.100.0", "192.167.255.255", "192.169.0.0",
                                           "198.17.255.255", "198.20.0.0", "198.51.99.255", "198.51.101.0",
                                           "203.0.112.255", "203.0.114.0", "223.255.255.255", "2000::1", "2001:200::1",
                                           "2001:db7:ffff::1", "2001:db9::1", "2003::1", "2606:4700::1111",
                                           "3ffe:ffff::1", "3fff:1000::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"));

TEST(AddressRules, ANamedNetworkIsOpenedAndNothingElse) {
    const AddressRules rules({*Network::parse("127.0.0.0/8"), *Network::parse("fd00::/8")});
    EXPECT_EQ(rules.refusal(*Address::parse("127.0.0.1")), nullptr);
    EXPECT_EQ(rules.refusal(*Address::parse("::ffff:127.0.0.1")), nullptr) << "the same address, spelled otherwise";
    EXPECT_EQ(rules.refusal(*Address::parse("fd12::1")), nullptr);
    EXPECT_STREQ(rules.refusal(*Address::parse("10.0.0.1")), "private");
    EXPECT_NE(rules.refusal(*Address::parse("::1")), nullptr);
    EXPECT_NE(rules.refusal(*Address::parse("fc00::1")), nullptr);
}

TEST(AddressRules, ARefusalSaysWhatTheAddressIs) {
    EXPECT_STREQ(AddressRules().refusal(*Address::parse("127.0.0.1")), "loopback");
    EXPECT_STREQ(AddressRules().refusal(*Address::parse("169.254.169.254")), "link-local (cloud metadata)");
    EXPECT_STREQ(AddressRules().refusal(*Address::parse("2001::1")), "Teredo tunnel");
}

TEST(Address, OnlyTheCanonicalFormsAreRead) {
    for (const char* text :
         {"", "127.1", "0177.0.0.1", "0x7f.0.0.1", "2130706433", "127.0.0.1.", "127.0.0.01", "[::1]", "fe80::1%eth0",
          "1.2.3", "1.2.3.4.5", "256.1.1.1", ":::", "::ffff:1.2.3", "a", " 1.2.3.4", "1.2.3.4 "})
        EXPECT_FALSE(Address::parse(text).has_value()) << text;
    EXPECT_FALSE(Address::parse(std::string_view("1.2.3.4\0", 8)).has_value());
}

TEST(Address, ASocketOfAnotherFamilyHasNone) {
    sockaddr_un unix_socket{};
    unix_socket.sun_family = AF_UNIX;
    sockaddr generic{};
    std::memcpy(&generic, &unix_socket, sizeof generic);
    EXPECT_FALSE(Address::from(generic).has_value());
}

TEST(Network, TextThatLeavesItsNetworkOpenIsRefused) {
    for (const char* text : {"", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/08",
                             "10.0.0.0/8 ", "10.0.0.0/8/8", "10.1.2.3/8", "999.0.0.0/8", "fd00::/129", "fd00::1/8",
                             "10.0.0.0/0x8", "localhost/8", "0.0.0.1/0"})
        EXPECT_FALSE(Network::parse(text).has_value()) << text;
}

TEST(Network, APrefixCountsBitsAndNotBytes) {
    const auto network = *Network::parse("10.8.0.0/13");
    EXPECT_TRUE(network.contains(*Address::parse("10.15.255.255")));
    EXPECT_FALSE(network.contains(*Address::parse("10.16.0.0")));
    EXPECT_FALSE(network.contains(*Address::parse("10.7.255.255")));
    EXPECT_TRUE(Network::parse("0.0.0.0/0")->contains(*Address::parse("8.8.8.8")));
    EXPECT_FALSE(Network::parse("0.0.0.0/0")->contains(*Address::parse("::")));
    EXPECT_TRUE(Network::parse("10.0.0.1")->contains(*Address::parse("10.0.0.1")));
    EXPECT_FALSE(Network::parse("10.0.0.1")->contains(*Address::parse("10.0.0.2")));
}

}  // namespace
}  // namespace switchhook::https
