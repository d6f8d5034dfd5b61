// The contract of a Matcher, as tests. Instantiate it with your matcher:
//
//     INSTANTIATE_TEST_SUITE_P(Prefix, MatcherSuite, testing::Values(MatcherCase{make_prefix, "host-%",
//     "sip:1@host-%.example", ...}));
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <switchhook/matcher.hpp>

namespace switchhook::testkit {

struct MatcherCase {
    std::function<std::unique_ptr<Matcher>()> make;
    std::string hook_host;  // a host that the matcher accepts; '%' stands for a number
    std::string to;         // the value of the attribute with which that hook is found
    std::string attribute = "sip.h.to";
};

class MatcherSuite : public testing::TestWithParam<MatcherCase> {
protected:
    static std::string numbered(std::string text, std::size_t number) {
        return text.replace(text.find('%'), 1, std::to_string(number));
    }
    static std::vector<Hook> hooks(std::size_t count) {
        std::vector<Hook> all(count);
        for (std::size_t i = 0; i < count; ++i) {
            all[i].id = i + 1;
            all[i].host = numbered(GetParam().hook_host, i);
        }
        return all;
    }
    static Matches find(const HookIndex& index, const std::string& to) {
        const std::array<Attribute, 2> attributes{{{"sip.callID", "SCL_1"}, {GetParam().attribute, to}}};
        Event event;
        event.attributes = attributes;
        Matches matches;
        index.find(event, matches);
        return matches;
    }
    static Matches find(const HookIndex& index, std::size_t number) {
        return find(index, numbered(GetParam().to, number));
    }

    std::unique_ptr<Matcher> matcher_ = GetParam().make();
};

TEST_P(MatcherSuite, AcceptsTheHostsThatItFinds) {
    EXPECT_TRUE(matcher_->accepts(numbered(GetParam().hook_host, 7)));
}

TEST_P(MatcherSuite, AcceptsNoHostThatCannotBeOne) {
    for (const auto* host : {"", " ", "exa mple.com", "example.com ", ".", "..", "-", "a..b", "https://example.com",
                             "example.com/path", "[", "[]", "*.", "**", "*.*"})
        EXPECT_FALSE(matcher_->accepts(host)) << '"' << host << '"';
    EXPECT_FALSE(matcher_->accepts(std::string(1 << 16, 'a')));
    EXPECT_FALSE(matcher_->accepts(std::string("example.com\0", 12)));
}

TEST_P(MatcherSuite, FindsEachHookAndNoOther) {
    const auto index = matcher_->index(hooks(100));
    for (std::size_t i = 0; i < 100; ++i) EXPECT_EQ(find(*index, i).hooks, std::vector<HookId>{i + 1});
    EXPECT_TRUE(find(*index, 100).hooks.empty());
}

TEST_P(MatcherSuite, FindsNothingWithoutHooks) {
    const auto index = matcher_->index({});
    EXPECT_TRUE(find(*index, 0).hooks.empty());
}

TEST_P(MatcherSuite, FindsNothingForAnEventWithoutAttributes) {
    const auto index = matcher_->index(hooks(10));
    Matches matches;
    index->find(Event{}, matches);
    EXPECT_TRUE(matches.hooks.empty());
    EXPECT_EQ(matches.host, "");
}

TEST_P(MatcherSuite, SaysWhatItLookedForAlsoWhenItFoundNothing) {
    const auto index = matcher_->index(hooks(1));
    EXPECT_NE(find(*index, 0).host, "");
    EXPECT_NE(find(*index, 5).host, "");
}

TEST_P(MatcherSuite, ExplainsWhatItFoundAndWhatItDidNot) {
    const auto index = matcher_->index(hooks(1));
    const auto explain = [&](std::size_t number) {
        const auto to = numbered(GetParam().to, number);
        const std::array<Attribute, 1> attributes{{{GetParam().attribute, to}}};
        Event event;
        event.attributes = attributes;
        return index->explain(event);
    };
    EXPECT_NE(explain(0), "");
    EXPECT_NE(explain(5), "");
    EXPECT_NE(explain(0), explain(5));
    EXPECT_NE(index->explain(Event{}), "");
}

TEST_P(MatcherSuite, ExplainsHostileHeadersWithoutAControlCharacterButTheEndOfALine) {
    const auto index = matcher_->index(hooks(1));
    for (const std::string& to :
         {std::string("sip:a\r\nfound: a hook"), std::string("<sip:\x1b[2J@a>", 11), std::string("\0", 1),
          std::string(64 * 1024, '<'), std::string(64 * 1024, '('), std::string("\"\\")}) {
        const std::array<Attribute, 2> attributes{{{GetParam().attribute, to}, {"sip.h.x-to-ip", to}}};
        Event event;
        event.attributes = attributes;
        const auto text = index->explain(event);
        EXPECT_LT(text.size(), 4096U);
        EXPECT_TRUE(
            std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\n'; }));
        EXPECT_EQ(text.find("\nfound"), std::string::npos) << "a value begins a line of its own";
    }
}

TEST_P(MatcherSuite, AddsToWhatWasFoundBefore) {
    const auto index = matcher_->index(hooks(1));
    const auto to = numbered(GetParam().to, 0);
    const std::array<Attribute, 1> attributes{{{GetParam().attribute, to}}};
    Event event;
    event.attributes = attributes;
    Matches matches{.hooks = {77}, .host = {}};
    index->find(event, matches);
    EXPECT_EQ(matches.hooks, (std::vector<HookId>{77, 1}));
}

TEST_P(MatcherSuite, PassesOverHooksOfHostsThatItDoesNotAccept) {
    auto all = hooks(3);
    all[0].host = "";
    all[1].host = "not a host";
    const auto index = matcher_->index(all);
    EXPECT_EQ(find(*index, 2).hooks, std::vector<HookId>{3});
    EXPECT_TRUE(find(*index, 0).hooks.empty());
    EXPECT_TRUE(find(*index, "not a host").hooks.empty());
}

TEST_P(MatcherSuite, AnIndexKeepsItsOwnCopyOfTheHooks) {
    auto all = hooks(10);
    const auto index = matcher_->index(all);
    for (auto& hook : all) hook = {};
    all.clear();
    all.shrink_to_fit();
    EXPECT_EQ(find(*index, 3).hooks, std::vector<HookId>{4});
}

TEST_P(MatcherSuite, AnIndexStaysWhenALaterOneIsMade) {
    const auto first = matcher_->index(hooks(10));
    const auto second = matcher_->index({});
    EXPECT_EQ(find(*first, 3).hooks, std::vector<HookId>{4});
    EXPECT_TRUE(find(*second, 3).hooks.empty());
}

TEST_P(MatcherSuite, ManyThreadsFindInOneIndex) {
    const auto index = matcher_->index(hooks(100));
    std::atomic<int> wrong = 0;
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread)
        threads.emplace_back([&] {
            for (std::size_t i = 0; i < 1000; ++i)
                if (find(*index, i % 100).hooks != std::vector<HookId>{i % 100 + 1}) ++wrong;
        });
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(wrong, 0);
}

// What strangers can put into SIP headers: LiveKit lets 64 KiB of attributes through. A matcher that takes quadratic
// time does not come back from this test.
TEST_P(MatcherSuite, HostileHeadersFindNothingAndCostLinearTime) {
    const auto index = matcher_->index(hooks(10));
    const auto repeated = [](std::string_view part, std::size_t size) {
        std::string text;
        while (text.size() < size) text += part;
        return text;
    };
    for (const auto* part : {"<",  ">",    "\"",    "\\", "(",   ")",   "@",    ",",        ";", ":",   ".", "[",
                             "a.", "sip:", "<sip:", "a@", "\"<", "(\"", "\xff", "\xc3\xbc", " ", "%00", "1", "::"})
        for (const auto* head : {"", "sip:", "<sip:", "sip:a@", "\""})
            EXPECT_TRUE(find(*index, head + repeated(part, 64 * 1024)).hooks.empty()) << head << part;
    EXPECT_TRUE(find(*index, std::string(64 * 1024, '\0')).hooks.empty());
    EXPECT_TRUE(find(*index, numbered(GetParam().to, 0) + '\0').hooks.empty());

    std::vector<Attribute> attributes(20'000, Attribute{GetParam().attribute, "sip:"});
    attributes.resize(40'000, Attribute{"", ""});
    Event event;
    event.attributes = attributes;
    Matches matches;
    index->find(event, matches);
    EXPECT_TRUE(matches.hooks.empty());
}

// Not a measurement: an index that walks over its hooks takes five thousand times as long here, and the bound is fifty.
TEST_P(MatcherSuite, StopsTwiceAndWithoutStart) {
    matcher_->stop();
    matcher_->stop();
    EXPECT_TRUE(matcher_->start().ok());
    EXPECT_TRUE(matcher_->health().ok());
    matcher_->stop();
}

}  // namespace switchhook::testkit
