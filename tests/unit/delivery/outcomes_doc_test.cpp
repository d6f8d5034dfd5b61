// docs/outcomes.md says every code that there is, and no other; and what it says each does is what it does.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <regex>
#include <sstream>
#include <string>

#include "core/delivery/outcomes.hpp"
#include "tests/unit/delivery/fakes.hpp"

namespace switchhook::delivery {
namespace {

// Code -> what it does, of the tables.
std::map<std::string, std::string> documented() {
    std::ifstream file(std::string(SWITCHHOOK_SOURCE_DIR) + "/docs/outcomes.md");
    EXPECT_TRUE(file.is_open());
    std::map<std::string, std::string> found;
    for (std::string line; std::getline(file, line);) {
        if (!line.starts_with("| `")) continue;
        const auto first = line.find(" | ");
        const auto second = line.rfind(" | ");
        const std::string codes = line.substr(0, first);
        const std::regex code("`([a-z_0-9<>]+)`");
        for (auto each = std::sregex_iterator(codes.begin(), codes.end(), code); each != std::sregex_iterator(); ++each)
            EXPECT_TRUE(found.emplace((*each)[1], line.substr(second + 3)).second) << (*each)[1] << " stands twice";
    }
    return found;
}

TEST(OutcomesDocument, HasEveryCodeAndNoOther) {
    auto document = documented();
    for (const auto& each : outcome_codes()) {
        EXPECT_TRUE(document.contains(std::string(each.code))) << each.code;
        document.erase(std::string(each.code));
    }
    for (const auto& [code, does] : document) EXPECT_TRUE(code.starts_with("status_")) << code << " is no code";
}

TEST(OutcomesDocument, SaysWhatEachCodeDoes) {
    const std::map<Means, std::string> words{
        {Means::delivered, "delivered |"},        {Means::hook, "repeated |"},
        {Means::ours, "repeated, not charged |"}, {Means::refusal, "dead letter |"},
        {Means::stopped, "not counted at all"},   {Means::no_attempt, "dead letter |"}};
    const auto document = documented();
    for (const auto& each : outcome_codes())
        EXPECT_TRUE(document.at(std::string(each.code)).starts_with(words.at(each.means))) << each.code;
}

TEST(OutcomesDocument, NamesTheStatusesThatAreRefusedByDefault) {
    const auto document = documented();
    for (int status = 300; status < 600; ++status) {
        const bool refused = outcome_of(status_result(status), call_profile()) == Outcome::refused;
        EXPECT_EQ(document.contains("status_" + std::to_string(status)), refused) << status;
        EXPECT_EQ(outcome_of(status_result(status), standard_profile()) == Outcome::refused, refused) << status;
    }
}

TEST(OutcomesDocument, CodesThatTheForwarderOrTheWriterMakesAreKnown) {
    std::size_t seen = 0;
    for (const char* name : {"/plugins/forwarder_https/transfer.cpp", "/plugins/forwarder_https/loop.cpp",
                             "/plugins/forwarder_https/sender.cpp", "/core/delivery/request_writer.cpp",
                             "/core/plugin/guards/forwarder.cpp", "/plugins/forwarder_log/log_forwarder.cpp"}) {
        std::ifstream file(std::string(SWITCHHOOK_SOURCE_DIR) + name);
        ASSERT_TRUE(file.is_open()) << name;
        std::stringstream text;
        text << file.rdbuf();
        const std::string source = text.str();
        const std::regex made(R"rx((?:as\(|fail\([*a-z]+, |failed\(|code = |fault = )[^;"]*"([a-z_]+)")rx");
        for (auto each = std::sregex_iterator(source.begin(), source.end(), made); each != std::sregex_iterator();
             ++each) {
            const std::string code = (*each)[1];
            if (code == "status_") continue;
            ++seen;
            EXPECT_TRUE(std::ranges::any_of(outcome_codes(), [&](const auto& known) { return known.code == code; }))
                << name << ": " << code;
        }
    }
    EXPECT_GT(seen, 20U) << "the pattern finds nothing any more";
}

TEST(Outcomes, OnlyFaultsOfOurOwnAreOurs) {
    for (const auto& each : outcome_codes())
        EXPECT_EQ(is_our_fault(code_result(std::string(each.code))), each.means == Means::ours) << each.code;
    auto odd = code_result("own_fault");
    odd.status = 503;
    EXPECT_FALSE(is_our_fault(odd)) << "a receiver answered";
}

TEST(Outcomes, AProfileDecidesWhichStatusesAreRefused) {
    auto profile = call_profile();
    profile.refuse = {404, 200, 204};
    EXPECT_EQ(outcome_of(status_result(404), profile), Outcome::refused);
    EXPECT_EQ(outcome_of(status_result(410), profile), Outcome::retry);
    EXPECT_EQ(outcome_of(status_result(204), profile), Outcome::delivered) << "a delivery is never refused";
}

}  // namespace
}  // namespace switchhook::delivery
