// From a configuration as written to checked settings.
#include "core/plugin/settings_check.hpp"

#include <gtest/gtest.h>

#include "tests/unit/plugin/folders.hpp"

namespace switchhook::plugin {
namespace {

using test::list;
using test::map;
using test::scalar;
using test::shown;
using test::TemporaryFolder;
using namespace std::chrono_literals;

constexpr Setting kAll[] = {
    {"name", SettingType::text, "nobody", "A text.", 1, 10},
    {"token", SettingType::secret, "", "A secret."},
    {"folder", SettingType::path, "/tmp", "A path.", 1},
    {"loud", SettingType::boolean, "false", "A boolean."},
    {"limit", SettingType::integer, "5", "An integer.", -3, 10},
    {"pause", SettingType::duration, "500ms", "A duration.", 100, 60'000},
    {"memory", SettingType::bytes, "64KiB", "Bytes.", 512, 1 << 20},
    {"headers", SettingType::text_list, "x-to-ip, to", "A list.", 1, 3},
};

struct Checked {
    std::optional<Settings> settings;
    std::vector<Problem> problems;
    std::vector<Problem> warnings;
};

Checked check(const Node& given, std::span<const Setting> declared = kAll) {
    Checked checked;
    checked.settings = check_settings(given, "block:1", declared, "matcher test", checked.problems, checked.warnings);
    return checked;
}

TEST(Settings, are_the_defaults_when_nothing_is_given) {
    for (const Node& nothing : {Node{}, map({})}) {
        const auto [settings, problems, warnings] = check(nothing);
        ASSERT_TRUE(settings) << shown(problems);
        EXPECT_EQ(settings->text("name"), "nobody");
        EXPECT_EQ(settings->text("token"), "");
        EXPECT_EQ(settings->text("folder"), "/tmp");
        EXPECT_FALSE(settings->boolean("loud"));
        EXPECT_EQ(settings->integer("limit"), 5);
        EXPECT_EQ(settings->duration("pause"), 500ms);
        EXPECT_EQ(settings->integer("memory"), 64 * 1024);
        EXPECT_EQ(settings->list("headers"), (std::vector<std::string>{"x-to-ip", "to"}));
    }
}

TEST(Settings, are_what_was_written) {
    const auto checked = check(map({{"name", scalar("you")},
                                    {"token", scalar("s3cret")},
                                    {"folder", scalar("/srv")},
                                    {"loud", scalar("true")},
                                    {"limit", scalar("-3")},
                                    {"pause", scalar("1min")},
                                    {"memory", scalar("512")},
                                    {"headers", list({scalar("a"), scalar("b, c")})}}));
    ASSERT_TRUE(checked.settings) << shown(checked.problems);
    EXPECT_EQ(checked.settings->text("name"), "you");
    EXPECT_EQ(checked.settings->text("token"), "s3cret");
    EXPECT_EQ(checked.settings->text("folder"), "/srv");
    EXPECT_TRUE(checked.settings->boolean("loud"));
    EXPECT_EQ(checked.settings->integer("limit"), -3);
    EXPECT_EQ(checked.settings->duration("pause"), 60s);
    EXPECT_EQ(checked.settings->integer("memory"), 512);
    EXPECT_EQ(checked.settings->list("headers"), (std::vector<std::string>{"a", "b, c"}));
}

TEST(Settings, keep_numbers_and_words_as_text_where_text_is_declared) {
    for (const char* written : {"5", "true", "~", "0x10"}) {
        const auto checked = check(map({{"name", scalar(written)}}));
        ASSERT_TRUE(checked.settings) << shown(checked.problems);
        EXPECT_EQ(checked.settings->text("name"), written);
    }
}

TEST(Settings, read_a_comma_list_from_the_environment_only) {
    const auto checked = check(map({{"headers", scalar(" a ,b", "$HEADERS")}}));
    ASSERT_TRUE(checked.settings) << shown(checked.problems);
    EXPECT_EQ(checked.settings->list("headers"), (std::vector<std::string>{"a", "b"}));
    EXPECT_FALSE(check(map({{"headers", scalar("a,b", "switchhook.yaml:3")}})).settings);
}

struct Misfit {
    const char* name;
    const char* key;
    Node node;
    const char* text;
};

std::ostream& operator<<(std::ostream& out, const Misfit& misfit) {
    return out << misfit.name;
}

class SettingsThatDoNotFit : public testing::TestWithParam<Misfit> {};

TEST_P(SettingsThatDoNotFit, are_one_problem_with_place_owner_and_reason) {
    Node node = GetParam().node;
    if (node.place.empty()) node.place = "switchhook.yaml:9";
    const auto checked = check(map({{GetParam().key, node}}));
    EXPECT_FALSE(checked.settings);
    ASSERT_EQ(checked.problems.size(), 1U) << shown(checked.problems);
    EXPECT_EQ(checked.problems[0].place, node.place);
    EXPECT_EQ(checked.problems[0].text.find("matcher test: "), 0U) << shown(checked.problems);
    EXPECT_NE(checked.problems[0].text.find(GetParam().text), std::string::npos) << shown(checked.problems);
}

INSTANTIATE_TEST_SUITE_P(
    misfits, SettingsThatDoNotFit,
    testing::Values(
        Misfit{"unknown_near", "nmae", scalar("x"), "unknown key 'nmae'; did you mean 'name'?"},
        Misfit{"unknown_far", "zzzzzz", scalar("x"), "it has name, token, folder"},
        Misfit{"other_case", "Limit", scalar("1"), "unknown key 'Limit'; did you mean 'limit'?"},
        Misfit{"text_empty", "name", scalar(""), "name: must not be empty"},
        Misfit{"text_long", "name", scalar("12345678901"), "name: has a length of 11 bytes; allowed is 1..10"},
        Misfit{"text_list", "name", list({}), "name: must be text, not a list"},
        Misfit{"text_map", "name", map({}), "name: must be text, not a map"},
        Misfit{"text_null", "name", Node{}, "name: must be text, not nothing; give it a value or leave the key out"},
        Misfit{"path_empty", "folder", scalar(""), "folder: must not be empty"},
        Misfit{"path_nul", "folder", scalar(std::string("/a\0b", 4)), "folder: must not hold a NUL byte"},
        Misfit{"secret_list", "token", list({scalar("x")}), "token: must be secret, not a list"},
        Misfit{"secret_absent", "token", scalar("env:SWITCHHOOK_TEST_NOT_SET"), "token: environment variable"},
        Misfit{"secret_file", "token", scalar("file:/does/not/exist"), "token: secret file /does/not/exist"},
        Misfit{"boolean_word", "loud", scalar("maybe"), "loud: 'maybe' is not true or false"},
        Misfit{"boolean_yes", "loud", scalar("yes"), "loud: 'yes' is not true or false"},
        Misfit{"boolean_number", "loud", scalar("1"), "loud: '1' is not true or false"},
        Misfit{"boolean_empty", "loud", scalar("", "$LOUD"), "loud: '' is not true or false"},
        Misfit{"boolean_quoted", "loud", scalar("true", "", true), "loud: must be boolean; text in quotes is none"},
        Misfit{"integer_text", "limit", scalar("many"), "limit: 'many' is not a whole number"},
        Misfit{"integer_fraction", "limit", scalar("1.5"), "limit: '1.5' is not a whole number"},
        Misfit{"integer_huge", "limit", scalar("99999999999999999999"), "is not a whole number"},
        Misfit{"integer_above", "limit", scalar("11"), "limit: is 11; allowed is -3..10"},
        Misfit{"integer_below", "limit", scalar("-4"), "limit: is -4; allowed is -3..10"},
        Misfit{"integer_quoted", "limit", scalar("5", "", true), "limit: must be integer; text in quotes is none"},
        Misfit{"duration_no_unit", "pause", scalar("500"), "pause: '500' is not a duration"},
        Misfit{"duration_above", "pause", scalar("2min"), "pause: is 2min; allowed is 100ms..1min"},
        Misfit{"duration_below", "pause", scalar("99ms"), "pause: is 99ms; allowed is 100ms..1min"},
        Misfit{"bytes_unit", "memory", scalar("64kb"), "memory: '64kb' is not a size"},
        Misfit{"bytes_above", "memory", scalar("2MiB"), "memory: is 2MiB; allowed is 512..1MiB"},
        Misfit{"bytes_below", "memory", scalar("511"), "memory: is 511; allowed is 512..1MiB"},
        Misfit{"list_scalar", "headers", scalar("a"), "headers: must be a list; write it as [a, b]"},
        Misfit{"list_map", "headers", map({}), "headers: must be a list, not a map"},
        Misfit{"list_nested", "headers", list({scalar("a"), list({})}),
               "headers: must be a list of text; entry 2 is a list"},
        Misfit{"list_short", "headers", list({}), "headers: has 0 entries; allowed is 1..3"},
        Misfit{"list_long", "headers", list({scalar("a"), scalar("b"), scalar("c"), scalar("d")}), "has 4 entries"},
        Misfit{"list_gap", "headers", scalar("a,,b", "$HEADERS"), "headers: has an empty entry"},
        Misfit{"list_end", "headers", scalar("a,", "$HEADERS"), "headers: has an empty entry"}),
    [](const auto& each) { return std::string(each.param.name); });

TEST(Settings, show_all_their_problems_at_once) {
    const auto checked =
        check(map({{"limit", scalar("x", "f:1")}, {"lout", scalar("x", "f:2")}, {"pause", scalar("x", "f:3")}}));
    EXPECT_FALSE(checked.settings);
    EXPECT_EQ(checked.problems.size(), 3U) << shown(checked.problems);
}

TEST(Settings, must_be_a_map) {
    for (const Node& wrong : {scalar("x", "f:4"), list({}, "f:4")}) {
        const auto checked = check(wrong);
        ASSERT_EQ(checked.problems.size(), 1U);
        EXPECT_EQ(checked.problems[0].place, "f:4");
        EXPECT_NE(checked.problems[0].text.find("must be a map"), std::string::npos);
    }
}

TEST(Settings, must_hold_the_required_keys) {
    constexpr Setting kRequired[] = {{"url", SettingType::text, nullptr, "Where to."}};
    const auto checked = check(map({}), kRequired);
    EXPECT_FALSE(checked.settings);
    ASSERT_EQ(checked.problems.size(), 1U);
    EXPECT_EQ(checked.problems[0].place, "block:1");
    EXPECT_NE(checked.problems[0].text.find("required key 'url' is missing (text: Where to.)"), std::string::npos);
}

TEST(Settings, of_a_component_without_any_take_no_key) {
    const auto checked = check(map({{"x", scalar("1", "f:5")}}), {});
    ASSERT_EQ(checked.problems.size(), 1U);
    EXPECT_NE(checked.problems[0].text.find("unknown key 'x'; it has no settings, remove it"), std::string::npos);
}

TEST(Secrets, are_read_from_where_they_are_kept_and_never_shown) {
    const TemporaryFolder folder;
    folder.write("secret", "from the file\n");
    const auto checked = check(map({{"token", scalar("file:" + (folder / "secret").string(), "f:6")}}));
    ASSERT_TRUE(checked.settings) << shown(checked.problems);
    EXPECT_EQ(checked.settings->text("token"), "from the file");
    ASSERT_EQ(checked.warnings.size(), 1U) << "it was readable for all";
    EXPECT_EQ(checked.warnings[0].place, "f:6");

    constexpr Setting kShort[] = {{"token", SettingType::secret, "", "A secret.", 20}};
    const auto refused = check(map({{"token", scalar("hunter2")}}), kShort);
    ASSERT_EQ(refused.problems.size(), 1U);
    EXPECT_EQ(refused.problems[0].text.find("hunter2"), std::string::npos);
}

TEST(Declarations, are_checked_like_configurations) {
    const auto fault = [](Setting setting) { return declaration_fault(std::span(&setting, 1)); };
    EXPECT_EQ(declaration_fault(kAll), "");
    EXPECT_EQ(declaration_fault({}), "");
    EXPECT_NE(fault({nullptr, SettingType::text, "", "Help."}), "");
    EXPECT_NE(fault({"Bad-Key", SettingType::text, "", "Help."}), "");
    EXPECT_NE(fault({"use", SettingType::text, "", "Help."}), "");
    EXPECT_NE(fault({"a", SettingType{}, "", "Help."}), "");
    EXPECT_NE(fault({"a", static_cast<SettingType>(77), "", "Help."}), "");
    EXPECT_NE(fault({"a", SettingType::text, "", nullptr}), "");
    EXPECT_NE(fault({"a", SettingType::text, "", ""}), "");
    EXPECT_NE(fault({"a", SettingType::integer, "5", "Help.", 10, 1}), "");
    EXPECT_NE(fault({"a", SettingType::bytes, "5", "Help.", -1, 10}), "");
    EXPECT_NE(fault({"a", SettingType::integer, "five", "Help."}), "");
    EXPECT_NE(fault({"a", SettingType::duration, "5", "Help."}), "");
    EXPECT_NE(fault({"a", SettingType::boolean, "no", "Help."}), "");
    EXPECT_NE(fault({"a", SettingType::text, "", "Help.", 1}), "");
    EXPECT_NE(fault({"a", SettingType::text_list, "a,,b", "Help."}), "");
    EXPECT_EQ(fault({"a", SettingType::secret, "env:NOT_LOOKED_UP", "Help."}), "");
}

TEST(Ranges, are_written_as_one_would_write_the_values) {
    EXPECT_EQ(range_text({"a", SettingType::integer, "1", "H.", 1, 10}), "1..10");
    EXPECT_EQ(range_text({"a", SettingType::integer, "1", "H."}), "at least 0");
    EXPECT_EQ(range_text({"a", SettingType::duration, "1s", "H.", 0, 86'400'000}), "0ms..1d");
    EXPECT_EQ(range_text({"a", SettingType::duration, "1s", "H.", 1'500, 90'000}), "1500ms..90s");
    EXPECT_EQ(range_text({"a", SettingType::bytes, "1", "H.", 1 << 10, 3 << 20}), "1KiB..3MiB");
    EXPECT_EQ(range_text({"a", SettingType::bytes, "1", "H.", 0, std::int64_t{1} << 40}), "0..1TiB");
    EXPECT_EQ(range_text({"a", SettingType::text, "", "H."}), "");
}

}  // namespace
}  // namespace switchhook::plugin
