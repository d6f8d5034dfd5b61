#include <gtest/gtest.h>

#include <array>

#include <switchhook/plugin.hpp>
#include <switchhook/testkit/fake_host.hpp>
#include <switchhook/testkit/matcher_suite.hpp>

namespace {

using namespace switchhook;

// What the server does with `use: called_number`.
std::unique_ptr<Matcher> make(std::vector<std::string> routes, std::string& error) {
    static testkit::FakeHost host;
    const Settings settings({{"routes", std::move(routes)}});
    const auto& entry = switchhook_plugin_manifest()->components[0];
    return std::unique_ptr<Matcher>(dynamic_cast<Matcher*>(entry.create(settings, host, error)));
}

class CalledNumber : public testing::Test {
protected:
    // The hook of a call to that number, 0 for none.
    HookId hook_of(std::string_view number) {
        std::array<Hook, 2> hooks;
        hooks[0].id = 1;
        hooks[0].host = "a.example";
        hooks[1].id = 2;
        hooks[1].host = "b.example";
        std::string error;
        const auto matcher = make({"+49=a.example", "+4930=b.example", "+1=absent.example"}, error);
        const auto index = matcher->index(hooks);
        const Attribute called{"sip.trunkPhoneNumber", number};
        Event event;
        event.attributes = std::span(&called, 1);
        Matches matches;
        index->find(event, matches);
        return matches.hooks.empty() ? 0 : matches.hooks.front();
    }
};

TEST_F(CalledNumber, finds_the_hook_of_its_prefix) {
    EXPECT_EQ(hook_of("+498912345"), 1U);
}

TEST_F(CalledNumber, prefers_the_longer_prefix) {
    EXPECT_EQ(hook_of("+493012345"), 2U);
}

TEST_F(CalledNumber, finds_nothing_for_other_numbers_hidden_ones_and_nonsense) {
    for (const std::string number : {"+33123", "", "+", "49", "anonymous", std::string(100'000, '+').c_str()})
        EXPECT_EQ(hook_of(number), 0U) << number.substr(0, 20);
}

TEST_F(CalledNumber, finds_nothing_when_the_host_has_no_hook) {
    EXPECT_EQ(hook_of("+1555"), 0U);
}

TEST_F(CalledNumber, refuses_routes_that_are_none) {
    for (const char* route : {"+49", "=a.example", "+49=", ""}) {
        std::string error;
        EXPECT_EQ(make({route}, error), nullptr) << route;
        EXPECT_NE(error.find("is not PREFIX=HOST"), std::string::npos) << route;
    }
}

// What the server relies on with every matcher. A route for each hook that the suite makes.
std::unique_ptr<Matcher> make_for_suite() {
    std::vector<std::string> routes;
    for (int i = 0; i <= 100; ++i)
        routes.push_back("+49" + std::to_string(i) + "9=host-" + std::to_string(i) + ".example");
    std::string error;
    return make(std::move(routes), error);
}
using testkit::MatcherSuite;
INSTANTIATE_TEST_SUITE_P(CalledNumber, MatcherSuite,
                         testing::Values(testkit::MatcherCase{make_for_suite, "host-%.example", "+49%9",
                                                              "sip.trunkPhoneNumber"}));

TEST_F(CalledNumber, accepts_the_hosts_of_its_routes_alone) {
    std::string error;
    const auto matcher = make({"+49=a.example"}, error);
    EXPECT_TRUE(matcher->accepts("a.example"));
    EXPECT_FALSE(matcher->accepts("b.example"));
}

}  // namespace
