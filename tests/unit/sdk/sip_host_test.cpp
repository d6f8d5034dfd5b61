#include <switchhook/sip_host.hpp>

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace switchhook {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

// An empty host stands for none.
void expect_hosts(const Pairs& pairs) {
    for (const auto& [value, host] : pairs) EXPECT_EQ(sip_host(value).value_or(""), host) << value;
}
void expect_none(const std::vector<std::string>& values) {
    for (const auto& value : values) EXPECT_FALSE(sip_host(value)) << value << " -> " << *sip_host(value);
}

TEST(SipHost, ReadsAddrSpecs) {
    expect_hosts({{"sip:user@example.com", "example.com"},
                  {"sips:user@secure.example.com", "secure.example.com"},
                  {"sip:user@EXAMPLE.COM", "example.com"},
                  {"SIP:user@example.com", "example.com"},
                  {"SiPs:user@example.com", "example.com"},
                  {"sip:user@example.com:5060", "example.com"},
                  {"sip:user@example.com;user=phone;tag=xyz123", "example.com"},
                  {"sip:user@example.com?subject=x", "example.com"},
                  {"  \t sip:user@example.com \t", "example.com"}});
}

// RFC 3261 20.10, 20.20, 20.39 and RFC 4475 3.1.1.
TEST(SipHost, ReadsTheExamplesOfTheRfcs) {
    expect_hosts(
        {{"\"Mr. Watson\" <sip:watson@worcester.bell-telephone.com> ;q=0.7; expires=3600",
          "worcester.bell-telephone.com"},
         {"\"A. G. Bell\" <sip:agb@bell-telephone.com> ;tag=a48s", "bell-telephone.com"},
         {"sip:+12125551212@server.phone2net.com;tag=887s", "server.phone2net.com"},
         {"Anonymous <sip:c8oqz84zk7z@privacy.org>;tag=hyh8", "privacy.org"},
         {"The Operator <sip:operator@cs.columbia.edu>;tag=287447", "cs.columbia.edu"},
         {"sip:alice:secretword@atlanta.com;transport=tcp", "atlanta.com"},
         {"sips:alice@atlanta.com?subject=project%20x&priority=urgent", "atlanta.com"},
         {"sip:atlanta.com;method=REGISTER?to=alice%40atlanta.com", "atlanta.com"},
         {"sip:alice;day=tuesday@atlanta.com", "atlanta.com"},
         {"<sip:user;par=u%40example.net@example.com>", "example.com"},
         {"\"J Rosenberg \\\\\\\"\"       <sip:jdrosen@example.com>  ;  tag = 98asjd8", "example.com"},
         {"sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com",
          ""}});
    // The last one is legal only inside of "<>": outside, 20.10 forbids the comma and the question mark.
    expect_hosts(
        {{"<sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/"
          ";;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com>",
          "example.com"}});
}

TEST(SipHost, DisplayNamesMayHoldAnything) {
    expect_hosts(
        {{"\"User Name\" <sip:user@example.com>", "example.com"},
         {"\"User\"<sip:user@example.com>", "example.com"},
         {"\"Desk \\\"A>B\\\" 1\" <sip:100@Sales.Customer-A.com:5060;transport=udp>;tag=SCL_1", "sales.customer-a.com"},
         {"\"Bob <bob@evil.example>, Sales\" <sip:100@customer-a.com;user=phone>", "customer-a.com"},
         {"\"<sip:x@evil.example>\" <sip:100@customer-a.com>", "customer-a.com"},
         {"\"A <b\" <sip:user@example.com>", "example.com"},
         {"\"a>b\" <sip:user@example.com>", "example.com"},
         {"\"\\\\\" <sip:user@example.com>", "example.com"},
         {"\"sip:x@evil.example;\" <sip:user@example.com>", "example.com"},
         {"Front Desk <sip:100@customer-a.com.>", "customer-a.com"},
         {"x>y<sip:u@e.com>", "e.com"},
         {"bob@evil.example <sip:u@e.com>", "e.com"},
         {"\"Gr\xc3\xbc\xc3\x9f"
          "e \xe6\x9d\xb1\xe4\xba\xac\" <sip:100@customer-a.com>",
          "customer-a.com"},
         {"\"Gr\xef\xbf\xbd\xef\xbf\xbd"
          "e\" <sip:100@customer-a.com>",
          "customer-a.com"},
         {"<sip:user@example.com>", "example.com"}});
}

TEST(SipHost, UserPartsMayHoldParametersPasswordsSemicolonsAndQuestionMarks) {
    expect_hosts({{"<sip:+15551230001;npdi=yes:pw%40x@customer-a.com:5060;transport=tcp?X-Subject=hi%20there>",
                   "customer-a.com"},
                  {"<sip:a;b?c=d:e,f/g@example.com>", "example.com"},
                  {"sip:+1555;ext=5@example.com", "example.com"},
                  {"<sip:evil.example;x=y@example.com>", "example.com"},
                  {"<sip:evil.example?x=y@example.com>", "example.com"},
                  {"<sip:[::1]@example.com>", "example.com"},
                  {"sip:user:pw@example.com", "example.com"},
                  {"sip://user@example.com", "example.com"},
                  {"sip:@example.com", "example.com"},
                  {"<sip:\xd0\x98@example.com>", "example.com"}});
}

TEST(SipHost, TheUserPartMayBeMissing) {
    expect_hosts({{"<sip:customer-a.com>", "customer-a.com"},
                  {"<sip:customer-a.com:5070>", "customer-a.com"},
                  {"sip:example.com", "example.com"},
                  {"sip:example.com;lr", "example.com"},
                  {"sip:localhost", "localhost"},
                  {"sip:user@localhost", "localhost"},
                  {"<sip:user@pbx:5060>", "pbx"}});
}

TEST(SipHost, HeaderParametersAreNotLookedInto) {
    expect_hosts({{"<sip:100@customer-a.com>;x-route=\"a;b>c\"", "customer-a.com"},
                  {"<sip:100@customer-a.com>;x=\"<sip:x@evil.example>,\"", "customer-a.com"},
                  {"sip:100@customer-a.com;x=\"a@evil.example, b\"", "customer-a.com"},
                  {"sip:customer-a.com;x=\"a@evil.example\"", "customer-a.com"},
                  {"<sip:100@customer-a.com;maddr=evil.example>;tag=1", "customer-a.com"}});
}

TEST(SipHost, CommentsArePassedOver) {
    expect_hosts({{"<sip:100@a.com> (a comment (in (a comment)), <x>)", "a.com"},
                  {"(first) \"Bob\" (then) <sip:100@a.com> (last);tag=1", "a.com"},
                  {"sip:100@a.com (main desk)", "a.com"},
                  {"sip:a.com (x@y)", "a.com"},
                  {"a.com:5060 (\\) x)", "a.com"},
                  {"(sip:x@evil.example) a.com", "a.com"}});
    expect_none({"(", "(a.com", "sip:1@a.com (", "<sip:1@a.com> (()", "(a\\)", "()", "a.com ) x"});
}

TEST(SipHost, BareHostsAndPorts) {
    expect_hosts({{"example.com", "example.com"},
                  {"SIP-Server.EXAMPLE.COM:5060", "sip-server.example.com"},
                  {"sip-1.aivaconnect.ai:5060", "sip-1.aivaconnect.ai"},
                  {"192.168.1.100:5060", "192.168.1.100"},
                  {"192.168.1.100", "192.168.1.100"},
                  {"example.com.", "example.com"},
                  {"example.com.:5060", "example.com"},
                  {"example.com:5060;transport=udp", "example.com"},
                  {"[2001:db8::1]", "[2001:db8::1]"},
                  {"[2001:db8::1]:5060", "[2001:db8::1]"},
                  {" example.com ", "example.com"},
                  {"sip.example.com", "sip.example.com"},
                  {"sips.example", "sips.example"}});
    // A lone word may be anything; with an '@' and without a scheme it is no SIP address.
    expect_none(
        {"localhost", "localhost:5060", "not-a-sip-uri", "+15551234567", "user@example.com", "2001:db8::1", "100"});
}

TEST(SipHost, PortsAreNumbersUpTo65535) {
    expect_hosts({{"sip:a.com:0", "a.com"}, {"sip:a.com:65535", "a.com"}, {"sip:a.com:005060", "a.com"}});
    expect_none({"sip:a.com:", "sip:a.com:65536", "sip:a.com:+1", "sip:a.com:-1", "sip:a.com:5060x", "sip:a.com:5060:1",
                 "a.com:abc", "sip:u@[::1]:", "sip:u@[::1]5060", "a.com:99999999999999999999"});
}

TEST(SipHost, Ipv6IsWrittenInOneWay) {
    expect_hosts({{"sip:u@[2001:DB8:0:0:0:0:0:1]", "[2001:db8::1]"},
                  {"sip:u@[2001:db8::0001]:5060", "[2001:db8::1]"},
                  {"<sip:u@[::]>", "[::]"},
                  {"<sip:u@[::1]>", "[::1]"},
                  {"<sip:u@[fe80::]>", "[fe80::]"},
                  {"<sip:u@[1:0:0:2:0:0:0:3]>", "[1:0:0:2::3]"},
                  {"<sip:u@[1:0:0:2:3:0:0:4]>", "[1::2:3:0:0:4]"},
                  {"<sip:u@[1:0:2:3:4:5:6:7]>", "[1:0:2:3:4:5:6:7]"},
                  {"<sip:u@[1::3:4:5:6:7:8]>", "[1:0:3:4:5:6:7:8]"},
                  {"<sip:u@[::ffff:192.0.2.1]>", "[::ffff:192.0.2.1]"},
                  {"<sip:u@[::FFFF:c000:201]>", "[::ffff:192.0.2.1]"},
                  {"<sip:u@[64:ff9b::192.0.2.33]>", "[64:ff9b::c000:221]"},
                  {"<sip:u@[1:2:3:4:5:6:7::]>", "[1:2:3:4:5:6:7:0]"},
                  {"<sip:u@[::2:3:4:5:6:7:8]>", "[0:2:3:4:5:6:7:8]"}});
    for (const std::string address : {"",
                                      ":",
                                      ":::",
                                      "1",
                                      "1:2",
                                      "1:2:3:4:5:6:7",
                                      "1:2:3:4:5:6:7:8:9",
                                      "1:2:3:4:5:6:7:8::",
                                      "::1::",
                                      "12345::",
                                      "g::",
                                      "1:",
                                      ":1",
                                      "::1:",
                                      "fe80::1%eth0",
                                      "::1.2.3",
                                      "::1.2.3.4.5",
                                      "1.2.3.4",
                                      "::1.2.3.256",
                                      "1:2:3:4:5:6:7:1.2.3.4",
                                      "::1.2.3.4:5",
                                      " ::1",
                                      "[::1",
                                      "::-1"})
        expect_none({"sip:u@[" + address + "]"});
    expect_none({"sip:u@[::1", "sip:u@::1", "sip:u@]", "sip:u@[", "sip:u@a[::1]"});
}

TEST(SipHost, HostsFollowTheGrammar) {
    expect_hosts({{"sip:u@a", "a"},
                  {"sip:u@1a.b2", "1a.b2"},
                  {"sip:u@xn--bcher-kva.example", "xn--bcher-kva.example"},
                  {"sip:u@" + std::string(63, 'a') + ".b", std::string(63, 'a') + ".b"},
                  {"sip:u@1.2.3.4.", "1.2.3.4"},
                  {"sip:u@0.0.0.0", "0.0.0.0"}});
    expect_none({"sip:u@",
                 "sip:",
                 "sip:u@.",
                 "sip:u@..",
                 "sip:u@.a",
                 "sip:u@a..b",
                 "sip:u@a.com..",
                 "sip:u@-a.com",
                 "sip:u@a-.com",
                 "sip:u@a.-b",
                 "sip:u@a_b.com",
                 "sip:u@a.1",
                 "sip:u@1.2.3",
                 "sip:u@1.2.3.4.5",
                 "sip:u@256.1.1.1",
                 "sip:u@01.2.3.4",
                 "sip:u@1.2.3.04",
                 "sip:u@100",
                 "sip:100",
                 "sip:u@ex%61mple.com",
                 "sip:u@b\xc3\xbc"
                 "cher.example",
                 "sip:u@*.example.com",
                 "sip:u@*",
                 "sip:u@a/b",
                 "sip:u@" + std::string(64, 'a') + ".b",
                 "sip:u@" + std::string(300, 'a')});
    std::string longest =
        std::string(63, 'a') + "." + std::string(63, 'b') + "." + std::string(63, 'c') + "." + std::string(61, 'd');
    EXPECT_TRUE(sip_host("sip:u@" + longest));
    EXPECT_FALSE(sip_host("sip:u@" + longest + "d"));
}

TEST(SipHost, OtherSchemesNameNoHost) {
    expect_none({"tel:+15551234567", "<tel:+15551230001;phone-context=example.com>", "tel:+1.555.123",
                 "https://example.com:443", "http://example.com/path", "<https://example.com>", "<example.com>",
                 "mailto:a@example.com", "<user@example.com>", "sipx:u@example.com", "<>", "< sip:u@example.com>",
                 "urn:service:sos.a"});
}

TEST(SipHost, AListNamesNoHost) {
    expect_none({"a.com , b.com", "a.com,", ",a.com", "<sip:u@a.com>, <sip:u@b.com>", "<sip:u@a.com>,",
                 "sip:u@a.com,sip:u@b.com", "sip:a.com,sip:u@b.com", "\"A\" <sip:u@a.com>;tag=1, \"B\" <sip:u@b.com>",
                 "Doe, John <sip:u@a.com>", "sip:u@a.com;x=1,b.com", "<sip:u@a.com><sip:u@b.com>",
                 "<sip:u@a.com> <sip:u@b.com>"});
}

TEST(SipHost, WhatCouldBeReadInTwoWaysNamesNoHost) {
    expect_none({"",
                 " ",
                 "\t",
                 "\"",
                 "\"\"",
                 "<",
                 ">",
                 "<>",
                 "\"a",
                 "\"a\\",
                 "\"a\\\"",
                 "sip:a@b@example.com",
                 "<sip:a@b@example.com>",
                 "sip:u@a.com;x=y@b.com",
                 "<sip:user@example.com",
                 "sip:user@example.com>",
                 "A<B <sip:u@e.com>",
                 "\"A\" sip:u@e.com",
                 "\"A\" e.com",
                 "<sip:u@a.com>x",
                 "<sip:u@a.com> x",
                 "<sip:u@a.com>;x=\"",
                 "<sip:u u@a.com>",
                 "<sip:u@a.com >",
                 "<sip:\"u>\"@a.com>",
                 "sip:u u@a.com",
                 "sip:foo <sip:u@a.com>",
                 "a.com b.com",
                 "a.com;x=<sip:u@b.com>",
                 "<sip:u@a.com>?x",
                 "<sip:u\\@a.com>",
                 "sip:u@a.com\\"});
    EXPECT_FALSE(sip_host("<sip:u@a.com>?x=y@b.com"));
}

TEST(SipHost, ControlCharactersNameNoHost) {
    for (int c = 0; c < 0x20; ++c) {
        if (c == '\t') continue;
        for (const std::string value : {"sip:u@a.com", "\"x\" <sip:u@a.com>"})
            for (const std::size_t at : {std::size_t{0}, std::size_t{2}, value.size()}) {
                auto bad = value;
                bad.insert(at, 1, static_cast<char>(c));
                EXPECT_FALSE(sip_host(bad)) << c << " at " << at;
            }
    }
    EXPECT_FALSE(sip_host("sip:u@a.com\x7f"));
}

// Quadratic time would take minutes here.
TEST(SipHost, HostileInputOf64KibIsReadInLinearTime) {
    for (const auto* part : {"<", ">",  "\"", "\\", "\\\"", "(",     ")",   "()",  "@", ",",    ";", "?",  ":",
                             ".", "a.", "[",  "]",  "sip:", "<sip:", "\"<", "(\"", " ", "\xff", "1", "::", ";x=\"\""})
        for (const std::string head : {"", "sip:", "<sip:", "sip:a@", "\"", "sip:a.com;", "<sip:a.com>;", "sip:u@["}) {
            std::string value = head;
            while (value.size() < 64 * 1024) value += part;
            (void)sip_host(value);
        }
}

TEST(CanonicalHost, IsAHostWithoutPort) {
    EXPECT_EQ(canonical_host("EXAMPLE.com."), "example.com");
    EXPECT_EQ(canonical_host("localhost"), "localhost");
    EXPECT_EQ(canonical_host("[2001:DB8::0]"), "[2001:db8::]");
    for (const auto* host : {"", ".", "example.com:5060", "sip:example.com", "*.example.com", "2001:db8::1", "[", "[]",
                             "]", " example.com"})
        EXPECT_FALSE(canonical_host(host)) << host;
}

TEST(HookHost, OnlyTheCanonicalSpellingIsExact) {
    EXPECT_TRUE(is_exact_host("example.com"));
    EXPECT_TRUE(is_exact_host("[2001:db8::1]"));
    for (const auto* host : {"Example.com", "example.com.", "[2001:DB8::1]", "*", "*.example.com", ""})
        EXPECT_FALSE(is_exact_host(host)) << host;
}

TEST(HookHost, AWildcardIsAStarAloneOrBeforeAHostname) {
    EXPECT_TRUE(is_wildcard_host("*"));
    EXPECT_TRUE(is_wildcard_host("*.example.com"));
    for (const auto* host : {"", "*.", "*.*", "**", "*example.com", "a.*.com", "*.Example.com", "*.example.com.",
                             "*.192.0.2.1", "example.com"})
        EXPECT_FALSE(is_wildcard_host(host)) << host;
}

std::string host_of_attributes(const std::vector<Attribute>& attributes) {
    Event event;
    event.attributes = attributes;
    return host_of(event);
}

TEST(HostOf, XToIpDecidesWhenItYieldsAHostElseTo) {
    EXPECT_EQ(host_of_attributes({{"sip.h.to", "sip:a.com"}, {"sip.h.x-to-ip", "b.com"}}), "b.com");
    EXPECT_EQ(host_of_attributes({{"sip.h.to", "sip:a.com"}, {"sip.h.x-to-ip", "b.com, c.com"}}), "a.com");
    EXPECT_EQ(host_of_attributes({{"sip.h.to", "sip:a.com"}}), "a.com");
    EXPECT_EQ(host_of_attributes({{"sip.h.from", "sip:a.com"}, {"sip.hostname", "a.com"}}), "");
    EXPECT_EQ(host_of_attributes({}), "");
}

TEST(HeaderNames, AreWrittenInLowerCase) {
    EXPECT_EQ(header_names({"X-To-IP", "To"}), (std::vector<std::string>{"x-to-ip", "to"}));
}

}  // namespace
}  // namespace switchhook
