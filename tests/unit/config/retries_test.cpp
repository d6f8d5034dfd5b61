#include <gtest/gtest.h>

#include <chrono>

#include "core/config/compile.hpp"
#include "core/config/show.hpp"
#include "tests/unit/config/reading_sources.hpp"

namespace switchhook::config::test {
namespace {

using namespace std::chrono_literals;

TEST(Retries, a_profile_of_ones_own_is_read_whole) {
    const auto result = compiled_file(
        "delivery:\n"
        "  retry: patient\n"
        "  retries:\n"
        "    patient: { steps: [ 500ms, 5s, 1h ], max_age: 2h, refuse: [ 400, 404 ], breaker: { failures: 3, pause: "
        "30s } }\n");
    EXPECT_EQ(result.all(), "");
    EXPECT_EQ(result.config.delivery.retry, "patient");
    const Retry& patient = result.config.delivery.retries.at("patient");
    EXPECT_EQ(patient.steps, (std::vector<milliseconds>{500ms, 5s, 1h}));
    EXPECT_EQ(patient.max_age, 2h);
    EXPECT_EQ(patient.refuse, (std::vector<int>{400, 404}));
    EXPECT_EQ(patient.failures, 3U);
    EXPECT_EQ(patient.longest_pause, 30s);
}

TEST(Retries, what_call_and_standard_do_not_say_is_their_own) {
    const auto result = compiled_file("delivery: { retries: { call: { refuse: [] }, standard: { max_age: 12h } } }\n");
    EXPECT_EQ(result.all(), "");
    const auto& retries = result.config.delivery.retries;
    EXPECT_TRUE(retries.at("call").steps.empty());
    EXPECT_FALSE(retries.at("call").max_age);
    EXPECT_EQ(retries.at("call").refuse, std::vector<int>{});
    EXPECT_EQ(retries.at("standard").max_age, 12h);
    EXPECT_FALSE(retries.at("standard").refuse);
}

TEST(Retries, what_is_wrong_is_said_with_its_place) {
    const std::string own = "delivery:\n  retries:\n    own: ";
    const std::vector<std::pair<std::string, const char*>> cases{
        {own + "{ max_age: 1h }\n", "switchhook.yaml:3: delivery.retries.own.steps is missing"},
        {own + "{ steps: [1s] }\n", "switchhook.yaml:3: delivery.retries.own.max_age is missing"},
        {own + "{ steps: [], max_age: 1h }\n", "delivery.retries.own.steps: must have 1 to 64 entries"},
        {own + "{ steps: 1s, max_age: 1h }\n", "delivery.retries.own.steps: must be a list of texts"},
        {own + "{ steps: [1s, 5], max_age: 1h }\n", "delivery.retries.own.steps: '5': '5' is not a duration"},
        {own + "{ steps: [0s], max_age: 1h }\n", "delivery.retries.own.steps: '0s': must be between 1ms and"},
        {own + "{ steps: [1s], max_age: 999ms }\n", "delivery.retries.own.max_age: must be between 1000ms and"},
        {own + "{ steps: [1s], max_age: 1h, refuse: [200] }\n",
         "delivery.retries.own.refuse: '200': must be between 300 and 599"},
        {own + "{ steps: [1s], max_age: 1h, refuse: [gone] }\n", "delivery.retries.own.refuse: 'gone': "},
        {own + "{ steps: [1s], max_age: 1h, step: [1s] }\n",
         "delivery.retries.own.step: unknown key; did you mean 'delivery.retries.own.steps'?"},
        {own + "{ steps: [1s], max_age: 1h, breaker: { failures: 0 } }\n",
         "delivery.retries.own.breaker.failures: must be between 1 and"},
        {own + "[ 1s, 5s ]\n", "delivery.retries.own must be a map of keys"},
        {"delivery:\n  retries: [ call ]\n", "delivery.retries must be a map of keys"},
        {"delivery:\n  retry: standart\n",
         "switchhook.yaml:2: delivery.retry: no retry profile is called 'standart'; did you mean 'standard'?"},
        {"delivery:\n  retry: xyz\n  retries: { slow: { steps: [1s], max_age: 1h } }\n",
         "no retry profile is called 'xyz'; there are call, standard, slow"},
    };
    for (const auto& [yaml, expected] : cases)
        EXPECT_TRUE(compiled_file(yaml).has(expected)) << yaml << compiled_file(yaml).all();
}

TEST(Retries, are_shown_with_their_places) {
    const auto result =
        compiled({from_file("delivery:\n  retries:\n    own:\n      steps: [1s, 2s]\n      max_age: 1h\n")});
    const auto text = show(result.merged, result.config, {});
    EXPECT_NE(text.find("    own:\n      steps: [1s, 2s]"), std::string::npos) << text;
    EXPECT_NE(text.find("# switchhook.yaml:5"), std::string::npos) << text;
}

}  // namespace
}  // namespace switchhook::config::test
