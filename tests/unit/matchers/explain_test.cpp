// What the matchers say of a look-up, and that it agrees with what they find.
#include <gtest/gtest.h>
#include <switchhook/explain_host.hpp>
#include <switchhook/testkit/fake_host.hpp>

#include "plugins/matcher_sip_host/sip_host_matcher.hpp"
#include "plugins/matcher_wildcard/wildcard_matcher.hpp"
#include "tests/unit/matchers/matching.hpp"

namespace switchhook::matcher {
namespace {

struct Unreadable {
    const char* value;
    const char* why;  // part of the reason
};

void PrintTo(const Unreadable& unreadable, std::ostream* out) {
    *out << unreadable.value;
}

class WhyNoHost : public testing::TestWithParam<Unreadable> {};

TEST_P(WhyNoHost, IsSaidOfAValueThatYieldsNone) {
    const auto [value, why] = GetParam();
    ASSERT_FALSE(sip_host(value)) << "this value names a host";
    EXPECT_NE(why_no_host(value).find(why), std::string::npos) << why_no_host(value);
}

INSTANTIATE_TEST_SUITE_P(
    Values, WhyNoHost,
    testing::Values(Unreadable{"", "empty"}, Unreadable{"  \t", "empty"}, Unreadable{"sip:a.com\r\n", "control"},
                    Unreadable{"tel:+15551230001", "scheme 'tel'"}, Unreadable{"<tel:+15551230001>", "scheme 'tel'"},
                    Unreadable{"<https://a.com>", "scheme 'https'"}, Unreadable{"<a.com>", "no sip: or sips:"},
                    Unreadable{"a.com, b.com", "list"}, Unreadable{"a.com , b.com", "list"},
                    Unreadable{"<sip:1@a.com>, <sip:1@b.com>", "not only parameters"},
                    Unreadable{"sip:1@a.com, sip:1@b.com", "more than one '@'"}, Unreadable{"sip:a.com,b.com", "list"},
                    Unreadable{"sip:1@a@b.com", "more than one '@'"},
                    Unreadable{"<sip:1@a@b.com>", "more than one '@'"}, Unreadable{"localhost", "without a dot"},
                    Unreadable{"nonsense", "without a dot"}, Unreadable{"<sip:1@a_b.com>", "'a_b.com' is no hostname"},
                    Unreadable{"sip:1@-a.com", "is no hostname"}, Unreadable{"<sip:1@a.com:70000>", "no port"},
                    Unreadable{"<sip:1@a.com:x>", "no port"}, Unreadable{"<sip:1@[2001:db8::1>", "is no hostname"},
                    Unreadable{"<sip:1@>", "no host in it"}, Unreadable{"sip:", "no host in it"},
                    Unreadable{"<sip:1@a.com", "not closed"}, Unreadable{"\"Bob <sip:1@a.com>", "does not end"},
                    Unreadable{"(note <sip:1@a.com>", "does not end"},
                    Unreadable{"<sip:1@a.com> nonsense", "not only parameters"}));

TEST(QuotedValue, IsCutAtACharacterAndHoldsNoControlCharacter) {
    EXPECT_EQ(quoted_value("a\r\nb\x7f"), "'a??b?'");
    EXPECT_EQ(quoted_value("abc", 3), "'abc'");
    EXPECT_EQ(quoted_value("abcd", 3), "'abc...'");
    EXPECT_EQ(quoted_value("ab\xc3\xbc", 3), "'ab...'") << "half a character";
    EXPECT_EQ(quoted_value(""), "''");
}

class Explained : public testing::Test {
protected:
    static std::string explain(Matcher& matcher, const std::vector<std::string>& hosts,
                               const std::vector<Attribute>& attributes) {
        const auto index = matcher.index(test::hooks(hosts));
        Event event;
        event.attributes = attributes;
        return index->explain(event);
    }

    testkit::FakeHost host_;
    SipHostMatcher exact_{test::headers({"X-To-IP", "To"}), host_};
    WildcardMatcher wildcard_{test::headers({"x-to-ip", "to"}), host_};
};

TEST_F(Explained, EachHeaderIsNamedUpToTheOneThatYieldsAHost) {
    EXPECT_EQ(explain(exact_, {"a.com"}, {{"sip.h.to", "<sip:1@A.com>"}}),
              "header x-to-ip: not in the event\n"
              "header to: '<sip:1@A.com>' names the host a.com\n"
              "a hook has exactly the host a.com");
    EXPECT_EQ(explain(exact_, {"a.com"}, {{"sip.h.to", "<sip:1@a.com>"}, {"sip.h.x-to-ip", "b.com"}}),
              "header x-to-ip: 'b.com' names the host b.com\n"
              "no hook has exactly the host b.com");
}

TEST_F(Explained, AHeaderThatYieldsNoneSaysWhyAndTheNextIsRead) {
    EXPECT_EQ(explain(exact_, {"a.com"}, {{"sip.h.to", "sip:a.com"}, {"sip.h.x-to-ip", "b.com , c.com"}}),
              "header x-to-ip: 'b.com , c.com' names no host: it is a list of several values\n"
              "header to: 'sip:a.com' names the host a.com\n"
              "a hook has exactly the host a.com");
}

TEST_F(Explained, WithoutAHostNothingIsLookedFor) {
    EXPECT_NE(explain(exact_, {"a.com"}, {}).find("nothing to look for"), std::string::npos);
    EXPECT_NE(explain(wildcard_, {"*"}, {{"sip.h.to", "tel:+1555"}}).find("not even the default route"),
              std::string::npos);
}

TEST_F(Explained, AWildcardSaysWhatItTriedFromTheLongest) {
    const std::vector<Attribute> to{{"sip.h.to", "sip:1@x.y.a.com"}};
    EXPECT_TRUE(explain(wildcard_, {"*.a.com", "*"}, to).ends_with("looked for *.y.a.com *.a.com: found this one"));
    EXPECT_TRUE(explain(wildcard_, {"*"}, to).ends_with("looked for *.y.a.com *.a.com *.com *: found this one"));
    EXPECT_TRUE(explain(wildcard_, {"*.b.com"}, to).ends_with("*.com *: no hook has any of these"));
}

}  // namespace
}  // namespace switchhook::matcher
