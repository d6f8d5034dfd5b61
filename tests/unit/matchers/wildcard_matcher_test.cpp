#include "plugins/matcher_wildcard/wildcard_matcher.hpp"

#include <gtest/gtest.h>
#include <switchhook/testkit/fake_host.hpp>

#include "tests/unit/matchers/matching.hpp"

namespace switchhook::matcher {
namespace {

class WildcardMatcherTest : public testing::Test {
protected:
    HookId find(const std::vector<std::string>& hosts, const std::string& host) {
        return test::find_host(*matcher_.index(test::hooks(hosts)), host);
    }

    testkit::FakeHost host_;
    WildcardMatcher matcher_{test::headers({"x-to-ip", "to"}), host_};
};

TEST_F(WildcardMatcherTest, OneOrMoreLabelsStandForTheStar) {
    EXPECT_EQ(find({"*.example.com"}, "a.example.com"), 1U);
    EXPECT_EQ(find({"*.example.com"}, "a.b.c.example.com"), 1U);
    EXPECT_EQ(find({"*.example.com"}, "A.EXAMPLE.COM.:5060"), 1U);
}

TEST_F(WildcardMatcherTest, NoLabelAndHalfALabelAreNoMatch) {
    for (const auto* host :
         {"example.com", "aexample.com", "a.example.com.evil", "a.example.org", "com", "a.xample.com"})
        EXPECT_EQ(find({"*.example.com"}, host), 0U) << host;
}

TEST_F(WildcardMatcherTest, TheLongestSuffixWinsWhateverTheOrder) {
    for (const auto& hosts : {std::vector<std::string>{"*", "*.com", "*.example.com", "*.b.example.com"},
                              {"*.b.example.com", "*.example.com", "*.com", "*"}}) {
        const auto found = [&](const std::string& host) {
            const auto hook = find(hosts, host);
            return hook == 0 ? std::string() : hosts[hook - 1];
        };
        EXPECT_EQ(found("a.b.example.com"), "*.b.example.com");
        EXPECT_EQ(found("b.example.com"), "*.example.com");
        EXPECT_EQ(found("example.com"), "*.com");
        EXPECT_EQ(found("com"), "*");
        EXPECT_EQ(found("example.org"), "*");
        EXPECT_EQ(found("192.0.2.1"), "*");
        EXPECT_EQ(found("[2001:db8::1]"), "*");
    }
}

TEST_F(WildcardMatcherTest, ACallWithoutHostHasNoDefaultRoute) {
    const auto index = matcher_.index(test::hooks({"*"}));
    EXPECT_TRUE(test::find(*index, {{"sip.callID", "SCL_1"}}).hooks.empty());
    EXPECT_TRUE(test::find(*index, {{"sip.h.to", "<tel:+1555>"}}).hooks.empty());
    EXPECT_TRUE(test::find(*index, {{"sip.h.to", ""}, {"sip.h.x-to-ip", "a.com, b.com"}}).hooks.empty());
}

TEST_F(WildcardMatcherTest, PartsOfAnAddressAreNoSuffix) {
    EXPECT_EQ(find({"*.0.2.1", "*.2.1"}, "192.0.2.1"), 0U);
    EXPECT_EQ(find({"*.0.2.1]"}, "[::ffff:192.0.2.1]"), 0U);
}

TEST_F(WildcardMatcherTest, AHostOf127LabelsIsLookedUp) {
    std::string host = "a";
    while (host.size() < 252) host += ".a";
    EXPECT_EQ(find({"*.a"}, host), 1U);
    EXPECT_EQ(find({"*.b"}, host), 0U);
    EXPECT_EQ(find({"*"}, host + ".a"), 0U) << "longer than a host can be";
}

TEST_F(WildcardMatcherTest, AcceptsWildcardsInTheSpellingThatIsComparedOnly) {
    for (const auto* host : {"*", "*.example.com", "*.com", "*.xn--bcher-kva.example"})
        EXPECT_TRUE(matcher_.accepts(host)) << host;
    for (const auto* host : {"example.com", "*.Example.com", "*.example.com.", "*example.com", "a.*.com", "*.*.com",
                             "*..com", "*.192.0.2.1", "*.[::1]", "*.b\xc3\xbc", "*.a_b.com", "", "* "})
        EXPECT_FALSE(matcher_.accepts(host)) << host;
}

}  // namespace
}  // namespace switchhook::matcher
