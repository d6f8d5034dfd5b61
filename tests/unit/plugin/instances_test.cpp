// Instances: settings that do not fit, names that nobody offers, constructors that throw; and the listing.
#include <gtest/gtest.h>

#include <memory>

#include "core/plugin/catalog.hpp"
#include "core/plugin/listing.hpp"
#include "switchhook/testkit/fake_host.hpp"
#include "tests/unit/plugin/folders.hpp"

namespace switchhook::plugin {
namespace {

using test::faulty;
using test::list;
using test::map;
using test::scalar;
using test::shown;

class Instances : public testing::Test {
protected:
    void SetUp() override {
        for (const char* library : {"good", "cannot_be_made"}) catalog_.open(faulty(library), "here:1", problems_);
        ASSERT_TRUE(problems_.empty()) << shown(problems_);
    }

    std::unique_ptr<Matcher> make(const std::string& use, Node settings = {}) {
        return catalog_.matcher({use, std::move(settings), "switchhook.yaml:30"}, host_, problems_);
    }
    void expect_one_problem(const std::string& place, const std::string& text) {
        ASSERT_EQ(problems_.size(), 1U) << shown(problems_);
        EXPECT_EQ(problems_[0].place, place);
        EXPECT_NE(problems_[0].text.find(text), std::string::npos) << shown(problems_);
    }

    testkit::FakeHost host_;
    Catalog catalog_;
    std::vector<Problem> problems_;
};

TEST_F(Instances, get_their_settings_checked_and_complete) {
    const auto matcher = make("greeter", map({{"name", scalar("you")}, {"headers", list({scalar("to")})}}));
    ASSERT_NE(matcher, nullptr) << shown(problems_);
    EXPECT_TRUE(host_.recorded().contains(
        "made name=you password= folder=/tmp loud=no limit=5 pause=500 memory=1048576 headers=to;"));
}

TEST_F(Instances, work_through_their_guard) {
    const auto matcher = make("greeter", map({{"name", scalar("you")}}));
    ASSERT_NE(matcher, nullptr);
    EXPECT_TRUE(matcher->check().ok());
    EXPECT_TRUE(matcher->start().ok());
    EXPECT_TRUE(matcher->accepts("example.com"));
    EXPECT_FALSE(matcher->accepts("example.org"));
    Hook hook;
    hook.id = 77;
    const auto index = matcher->index(std::span(&hook, 1));
    Matches matches;
    index->find(Event{}, matches);
    EXPECT_EQ(matches.hooks, std::vector<HookId>{77});
    EXPECT_TRUE(matcher->health().ok());
    matcher->stop();
}

TEST_F(Instances, of_one_component_are_independent) {
    const auto one = make("greeter", map({{"name", scalar("one")}}));
    const auto two = make("greeter", map({{"name", scalar("two")}}));
    EXPECT_NE(one, nullptr);
    EXPECT_NE(two, nullptr);
    EXPECT_TRUE(host_.recorded().contains("name=one"));
    EXPECT_TRUE(host_.recorded().contains("name=two"));
}

TEST_F(Instances, outlive_the_catalog_in_no_way_that_matters_for_libraries) {
    std::unique_ptr<Matcher> matcher;
    {
        Catalog passing;
        passing.open(faulty("good"), "here:1", problems_);
        matcher = passing.matcher({"greeter", map({{"name", scalar("you")}}), "f:1"}, host_, problems_);
    }
    ASSERT_NE(matcher, nullptr);
    EXPECT_TRUE(matcher->accepts("example.com"));  // the library is still mapped
}

TEST_F(Instances, with_an_unknown_key_are_refused_with_its_place_and_the_nearest_key) {
    EXPECT_EQ(make("greeter", map({{"name", scalar("you")}, {"limt", scalar("3", "switchhook.yaml:31")}})), nullptr);
    expect_one_problem("switchhook.yaml:31", "matcher greeter: unknown key 'limt'; did you mean 'limit'?");
}

TEST_F(Instances, with_a_value_of_the_wrong_type_are_refused) {
    EXPECT_EQ(make("greeter", map({{"name", scalar("you")}, {"limit", scalar("few", "switchhook.yaml:32")}})), nullptr);
    expect_one_problem("switchhook.yaml:32", "matcher greeter: limit: 'few' is not a whole number");
}

TEST_F(Instances, with_a_value_out_of_range_are_refused) {
    EXPECT_EQ(make("greeter", map({{"name", scalar("you")}, {"limit", scalar("11", "switchhook.yaml:33")}})), nullptr);
    expect_one_problem("switchhook.yaml:33", "matcher greeter: limit: is 11; allowed is 1..10");
}

TEST_F(Instances, without_a_required_key_are_refused_with_the_place_of_the_block) {
    EXPECT_EQ(make("greeter"), nullptr);
    expect_one_problem("switchhook.yaml:30", "the required key 'name' is missing");
}

TEST_F(Instances, with_a_nearly_right_name_learn_the_nearest_and_all_known_ones) {
    EXPECT_EQ(make("greter"), nullptr);
    expect_one_problem("switchhook.yaml:30", "there is no matcher 'greter'; did you mean 'greeter'?");
    EXPECT_NE(problems_[0].text.find("known: asks_too_much, create_throws_int, "), std::string::npos)
        << shown(problems_);
}

TEST_F(Instances, without_a_name_are_refused) {
    EXPECT_EQ(make(""), nullptr);
    expect_one_problem("switchhook.yaml:30", "matcher is not named; write use: NAME");
}

TEST_F(Instances, of_a_contract_that_nobody_offers_are_refused) {
    EXPECT_EQ(catalog_.forwarder({"https", {}, "f:1"}, host_, problems_), nullptr);
    expect_one_problem("f:1", "there is no forwarder 'https'; no plugin offers one");
}

TEST_F(Instances, whose_constructor_throws_are_refused_with_its_words_plugin_and_file) {
    EXPECT_EQ(make("throws_standard"), nullptr);
    expect_one_problem("switchhook.yaml:30", "the moon is in the wrong phase");
    EXPECT_NE(problems_[0].text.find("matcher throws_standard (plugin cannot_be_made, "), std::string::npos);
    EXPECT_NE(problems_[0].text.find("cannot_be_made.so"), std::string::npos);
}

TEST_F(Instances, whose_constructor_throws_an_int_are_refused) {
    EXPECT_EQ(make("throws_int"), nullptr);
    expect_one_problem("switchhook.yaml:30", "an exception of unknown type");
}

TEST_F(Instances, that_ask_for_an_undeclared_setting_are_refused) {
    EXPECT_EQ(make("asks_too_much"), nullptr);
    expect_one_problem("switchhook.yaml:30", "setting 'limit' was not declared");
}

TEST_F(Instances, whose_create_throws_across_the_door_are_refused) {
    EXPECT_EQ(make("create_throws_standard"), nullptr);
    expect_one_problem("switchhook.yaml:30", "the moon is in the wrong phase");
    problems_.clear();
    EXPECT_EQ(make("create_throws_int"), nullptr);
    expect_one_problem("switchhook.yaml:30", "an exception of unknown type");
}

TEST_F(Instances, that_are_nothing_or_something_else_are_refused) {
    EXPECT_EQ(make("gives_nothing"), nullptr);
    expect_one_problem("switchhook.yaml:30", "it gave no reason");
    problems_.clear();
    EXPECT_EQ(make("liar"), nullptr);
    expect_one_problem("switchhook.yaml:30", "made an object that is no matcher");
}

TEST_F(Instances, warn_in_the_log_of_a_secret_that_others_can_read) {
    const test::TemporaryFolder folder;
    folder.write("secret", "hunter2");
    const auto secret = scalar("file:" + (folder / "secret").string(), "switchhook.yaml:34");
    EXPECT_NE(make("greeter", map({{"name", scalar("you")}, {"password", secret}})), nullptr) << shown(problems_);
    EXPECT_TRUE(host_.recorded().contains("password=hunter2")) << "the component gets the secret itself";
    bool warned = false;
    for (const auto& line : host_.recorded().lines())
        warned = warned || (line.level == Level::warning && line.text.find("switchhook.yaml:34") != std::string::npos);
    EXPECT_TRUE(warned);
}

TEST_F(Instances, are_described_by_the_listing) {
    const std::string text = listing(catalog_.opened());
    for (const std::string& expected : {
             "good 1.2.3  " + faulty("good").string() + "\n",
             std::string("  matcher greeter: Finds the first hook, whatever happens.\n"),
             std::string("      name: text, required, length in bytes: 1..20\n          Whom to greet.\n"),
             std::string("      password: secret, default empty\n"),
             std::string("      limit: integer, default 5, 1..10\n"),
             std::string("      pause: duration, default 500ms, 100ms..1min\n"),
             std::string("      memory: bytes, default 1MiB, 1..1GiB\n"),
             std::string("      headers: text list, default x-to-ip,to\n"),
         })
        EXPECT_NE(text.find(expected), std::string::npos) << expected << "\nin\n" << text;
}

}  // namespace
}  // namespace switchhook::plugin
