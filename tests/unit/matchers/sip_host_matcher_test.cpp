#include "plugins/matcher_sip_host/sip_host_matcher.hpp"

#include <gtest/gtest.h>
#include <switchhook/testkit/fake_host.hpp>

#include "tests/unit/matchers/matching.hpp"

namespace switchhook::matcher {
namespace {

class SipHostMatcherTest : public testing::Test {
protected:
    testkit::FakeHost host_;
    SipHostMatcher matcher_{test::headers({"x-to-ip", "to"}), host_};
};

TEST_F(SipHostMatcherTest, XToIpComesBeforeTo) {
    const auto index = matcher_.index(test::hooks({"a.com", "b.com"}));
    const auto matches = test::find(*index, {{"sip.h.to", "<sip:1@a.com>"}, {"sip.h.x-to-ip", "b.com:5060"}});
    EXPECT_EQ(matches.hooks, std::vector<HookId>{2});
    EXPECT_EQ(matches.host, "b.com");
}

TEST_F(SipHostMatcherTest, ToDecidesWhenXToIpYieldsNoHost) {
    const auto index = matcher_.index(test::hooks({"a.com", "b.com"}));
    for (const auto* value : {"", " ", "b.com, c.com", "b.com , a.com", "nonsense", "tel:+1555"})
        EXPECT_EQ(test::find(*index, {{"sip.h.x-to-ip", value}, {"sip.h.to", "<sip:1@a.com>"}}).hooks,
                  std::vector<HookId>{1})
            << value;
}

TEST_F(SipHostMatcherTest, ToIsNotAskedWhenXToIpNamesAHostWithoutHook) {
    const auto index = matcher_.index(test::hooks({"a.com"}));
    const auto matches = test::find(*index, {{"sip.h.x-to-ip", "unknown.com"}, {"sip.h.to", "<sip:1@a.com>"}});
    EXPECT_TRUE(matches.hooks.empty());
    EXPECT_EQ(matches.host, "unknown.com");
}

TEST_F(SipHostMatcherTest, TheHeadersAndTheirOrderAreASetting) {
    SipHostMatcher matcher(test::headers({"To", "X-Tenant"}), host_);
    const auto index = matcher.index(test::hooks({"a.com", "b.com", "c.com"}));
    EXPECT_EQ(
        test::find(*index, {{"sip.h.x-to-ip", "c.com"}, {"sip.h.x-tenant", "b.com"}, {"sip.h.to", "sip:a.com"}}).host,
        "a.com");
    EXPECT_EQ(test::find(*index, {{"sip.h.x-to-ip", "c.com"}, {"sip.h.x-tenant", "b.com"}}).host, "b.com");
    EXPECT_EQ(test::find(*index, {{"sip.h.x-to-ip", "c.com"}}).host, "");
}

TEST_F(SipHostMatcherTest, OnlyAttributesOfSipHeadersCount) {
    const auto index = matcher_.index(test::hooks({"a.com"}));
    for (const auto* key : {"to", "sip.to", "sip.h.To", "sip.h.to ", "sip.h.xto", "Sip.h.to", "sip.hostname", "sip.h."})
        EXPECT_TRUE(test::find(*index, {{key, "sip:a.com"}}).hooks.empty()) << key;
}

TEST_F(SipHostMatcherTest, AHostUnderAHookIsNotThatHook) {
    const auto index = matcher_.index(test::hooks({"a.com", "*.b.com", "*"}));
    for (const auto* host : {"x.a.com", "a.com.b", "xa.com", "com", "x.b.com", "b.com"})
        EXPECT_EQ(test::find_host(*index, host), 0U) << host;
}

TEST_F(SipHostMatcherTest, AcceptsHostsInTheSpellingThatIsComparedOnly) {
    for (const auto* host :
         {"example.com", "localhost", "192.0.2.1", "[2001:db8::1]", "xn--bcher-kva.example", "a-b.c"})
        EXPECT_TRUE(matcher_.accepts(host)) << host;
    for (const auto* host :
         {"Example.com", "example.com.", "example.com:5060", "2001:db8::1", "[2001:DB8::1]", "[2001:db8:0::1]",
          "192.0.2.01", "192.0.2",
          "b\xc3\xbc"
          "cher.example",
          "*", "*.example.com", "sip:example.com", "user@example.com", "a_b.com", "-a.com", "a-.com", "1.2.3"})
        EXPECT_FALSE(matcher_.accepts(host)) << host;
}

TEST_F(SipHostMatcherTest, HostsOfEveryLengthAreFound) {
    std::vector<std::string> hosts;
    for (std::size_t size = 1; size <= 60; ++size) hosts.push_back(std::string(size, 'a'));
    hosts.push_back(std::string(60, 'b') + "." + std::string(60, 'c') + "." + std::string(60, 'd') + "." +
                    std::string(60, 'e'));
    const auto index = matcher_.index(test::hooks(hosts));
    for (std::size_t i = 0; i < hosts.size(); ++i) EXPECT_EQ(test::find_host(*index, hosts[i]), i + 1) << hosts[i];
    EXPECT_EQ(test::find_host(*index, std::string(61, 'a')), 0U);
}

}  // namespace
}  // namespace switchhook::matcher
