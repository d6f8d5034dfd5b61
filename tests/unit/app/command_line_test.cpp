#include "core/app/command_line.hpp"

#include <gtest/gtest.h>

#include <set>

#include "core/app/command_table.hpp"

namespace switchhook::app {
namespace {

using Words = std::vector<std::string>;
using Sources_ = std::vector<SourceName>;

std::string words_of(const Result<CommandLine>& line) {
    return line ? line->command->words : line.status().message();
}

TEST(SourceName, IsSplitAtTheFirstColon) {
    EXPECT_EQ(*source_name("env"), (SourceName{"env", ""}));
    EXPECT_EQ(*source_name("file:/etc/a:b.yaml"), (SourceName{"file", "/etc/a:b.yaml"}));
    EXPECT_EQ(*source_name("file:"), (SourceName{"file", ""}));
}

TEST(SourceName, IsRefusedWithoutAName) {
    EXPECT_FALSE(source_name("").ok());
    EXPECT_FALSE(source_name(":/etc/a.yaml").ok());
}

TEST(CommandTable, NamesEveryCommandAndEveryOptionOfOneOnce) {
    std::set<std::string_view> names;
    for (const auto& row : command_table()) {
        EXPECT_TRUE(names.insert(row.words).second) << row.words;
        EXPECT_NE(row.run, nullptr) << row.words;
        EXPECT_LE(row.least, row.most) << row.words;
        EXPECT_EQ(row.most == 0, *row.arguments == '\0') << row.words;
        std::set<std::string_view> options{"config", "help"};
        for (const auto& option : row.options)
            EXPECT_TRUE(options.insert(option.name).second) << row.words << option.name;
    }
}

TEST(CommandTable, GivesAnOptionOfTwoCommandsAnArgumentInBothOrInNone) {
    std::map<std::string_view, bool> takes;
    for (const auto& row : command_table())
        for (const auto& option : row.options)
            EXPECT_EQ(takes.emplace(option.name, option.argument != nullptr).first->second, option.argument != nullptr)
                << option.name;
}

TEST(Usage, NamesEveryCommandAndOption) {
    const std::string all = usage();
    for (const auto& row : command_table()) {
        EXPECT_NE(all.find(row.words), std::string::npos) << row.words;
        for (const auto& option : row.options) EXPECT_NE(all.find("--" + std::string(option.name)), std::string::npos);
    }
    EXPECT_EQ(usage("no such command"), all);
}

TEST(Usage, OfAGroupNamesItsCommandsOnly) {
    const std::string hooks = usage("hooks");
    EXPECT_EQ(hooks.find("usage: switchhook hooks"), 0U);
    EXPECT_NE(hooks.find("hooks import"), std::string::npos);
    EXPECT_EQ(hooks.find("deliveries"), std::string::npos);
    EXPECT_EQ(usage("hooks add").find("hooks remove"), std::string::npos);
}

TEST(CommandLine, ReadsTheDefaultSourcesWhenNoneIsNamed) {
    const Sources_ standard{{"file", "/etc/switchhook/switchhook.yaml"}, {"env", ""}};
    for (const Words& words : {Words{"serve"}, Words{"check"}, Words{"provision"}, Words{"secret"}, Words{"explain"},
                               Words{"simulate"}, Words{"hooks", "export"}, Words{"hooks", "import"}})
        EXPECT_EQ(command_line(words, {})->sources, standard) << words.back();
    EXPECT_EQ(command_line({"plugins"}, {})->sources, Sources_{});
    EXPECT_EQ(command_line({"hooks", "list"}, {})->sources, Sources_{});
}

TEST(CommandLine, KeepsTheOrderOfNamedSources) {
    const Sources_ named{{"env", ""}, {"file", "b"}, {"file", "a"}};
    for (const char* command : {"serve", "check", "plugins", "version", "explain"})
        EXPECT_EQ(command_line({command}, {{"config", {"env", "file:b", "file:a"}}})->sources, named) << command;
}

struct Right {
    Words words;
    const char* command;
    Words arguments;
};

class UnderstoodCommandLine : public testing::TestWithParam<Right> {};

TEST_P(UnderstoodCommandLine, IsTheCommandAndItsArguments) {
    const auto line = command_line(GetParam().words, {});
    ASSERT_TRUE(line) << line.status().message();
    EXPECT_STREQ(line->command->words, GetParam().command);
    EXPECT_EQ(line->arguments, GetParam().arguments);
}

INSTANTIATE_TEST_SUITE_P(
    Words, UnderstoodCommandLine,
    testing::Values(Right{{"serve"}, "serve", {}}, Right{{"hooks", "list"}, "hooks list", {}},
                    Right{{"hooks", "add", "a.com", "https://a.com/"}, "hooks add", {"a.com", "https://a.com/"}},
                    Right{{"hooks", "remove", "a", "b", "c"}, "hooks remove", {"a", "b", "c"}},
                    Right{{"hooks", "import"}, "hooks import", {}},
                    Right{{"hooks", "import", "-"}, "hooks import", {"-"}},
                    Right{{"deliveries", "show", "12"}, "deliveries show", {"12"}},
                    Right{{"deliveries", "requeue"}, "deliveries requeue", {}},
                    Right{{"deliveries", "requeue", "list"}, "deliveries requeue", {"list"}}));

struct Wrong {
    Words words;
    GivenOptions options;
    const char* why;
};

class RefusedCommandLine : public testing::TestWithParam<Wrong> {};

TEST_P(RefusedCommandLine, SaysWhatIsWrong) {
    const auto line = command_line(GetParam().words, GetParam().options);
    ASSERT_FALSE(line) << words_of(line);
    EXPECT_EQ(line.status().code(), Code::invalid);
    EXPECT_NE(line.status().message().find(GetParam().why), std::string::npos) << line.status().message();
}

INSTANTIATE_TEST_SUITE_P(
    Words, RefusedCommandLine,
    testing::Values(Wrong{{}, {}, "no command"}, Wrong{{"dance"}, {}, "'dance' is no command"},
                    Wrong{{"Serve"}, {}, "is no command"}, Wrong{{""}, {}, "is no command"},
                    Wrong{{"serve", "check"}, {}, "too much"}, Wrong{{"list"}, {}, "is no command"},
                    Wrong{{"list", "hooks"}, {}, "is no command"}, Wrong{{"hooks"}, {}, "list, add, remove"},
                    Wrong{{"deliveries"}, {}, "list, show, requeue"}, Wrong{{"hooks", "dance"}, {}, "'dance'"},
                    Wrong{{"hooks", "show"}, {}, "'show'"}, Wrong{{"hooks", ""}, {}, "can do"},
                    Wrong{{"hook", "list"}, {}, "'hook' is no command"},
                    Wrong{{"hooks", "list", "a"}, {}, "takes no argument"}, Wrong{{"hooks", "add"}, {}, "HOST URL"},
                    Wrong{{"hooks", "add", "a.com"}, {}, "HOST URL"},
                    Wrong{{"hooks", "add", "a.com", "https://a.com", "t"}, {}, "'t' is too much"},
                    Wrong{{"hooks", "add", "", "https://a.com"}, {}, "empty argument"},
                    Wrong{{"hooks", "remove"}, {}, "HOST..."}, Wrong{{"hooks", "pause"}, {}, "HOST"},
                    Wrong{{"hooks", "pause", "a", "b"}, {}, "too much"},
                    Wrong{{"hooks", "import", "a", "b"}, {}, "too much"}, Wrong{{"deliveries", "show"}, {}, "ID"},
                    Wrong{{"deliveries", "requeue", "1", "2"}, {}, "too much"}));

INSTANTIATE_TEST_SUITE_P(
    Options, RefusedCommandLine,
    testing::Values(Wrong{{"serve"}, {{"show", {""}}}, "--show does not belong"},
                    Wrong{{"serve"}, {{"plan", {""}}}, "--plan"}, Wrong{{"provision"}, {{"show", {""}}}, "--show"},
                    Wrong{{"plugins"}, {{"schema", {""}}}, "--schema"}, Wrong{{"check"}, {{"json", {""}}}, "--json"},
                    Wrong{{"check"}, {{"tenant", {"t"}}}, "--tenant"}, Wrong{{"check"}, {{"show", {"", ""}}}, "twice"},
                    Wrong{{"check"}, {{"config", {""}}}, "names no source"},
                    Wrong{{"check"}, {{"config", {"env", ":x"}}}, "names no source"},
                    Wrong{{"hooks", "list"}, {{"config", {"env"}}}, "running server"},
                    Wrong{{"hooks", "list"}, {{"replace", {""}}}, "--replace"},
                    Wrong{{"hooks", "list"}, {{"server", {""}}}, "--server needs URL"},
                    Wrong{{"hooks", "list"}, {{"server", {"a", "b"}}}, "twice"},
                    Wrong{{"hooks", "export"}, {{"server", {"http://a"}}}, "--server"},
                    Wrong{{"hooks", "add", "a", "b"}, {{"event", {"x", ""}}}, "--event needs NAME"},
                    Wrong{{"deliveries", "list"}, {{"event", {"x", "y"}}}, "twice"},
                    Wrong{{"deliveries", "list"}, {{"token", {"secret"}}}, "--token"},
                    Wrong{{"explain"}, {{"to", {"a", "b"}}}, "twice"},
                    Wrong{{"explain"}, {{"calls", {"1"}}}, "--calls"},
                    Wrong{{"simulate"}, {{"event", {"x"}}}, "--event"}));

TEST(CommandLine, TakesAnOptionAgainWhereItIsRepeatable) {
    const auto line = command_line({"explain"}, {{"header", {"X-To-IP: a.com", "To: b.com"}}});
    ASSERT_TRUE(line) << line.status().message();
    EXPECT_EQ(line->all("header"), (Words{"X-To-IP: a.com", "To: b.com"}));
    EXPECT_EQ(line->all("to"), Words{});
    EXPECT_EQ(line->text("header"), "To: b.com");
}

TEST(CommandLine, ReadsWholeNumbersWithinTheirBounds) {
    const auto number = [](const char* text) {
        return command_line({"simulate"}, {{"calls", {text}}})->number("calls", 7, 1, 100);
    };
    EXPECT_EQ(*number("1"), 1U);
    EXPECT_EQ(*number("100"), 100U);
    EXPECT_EQ(*command_line({"simulate"}, {})->number("calls", 7, 1, 100), 7U);
    for (const char* text : {"0", "101", "-1", "+1", "1.5", "1e2", "x", "1 ", " 1", "0x10", "18446744073709551616"})
        EXPECT_EQ(number(text).status().code(), Code::invalid) << text;
}

}  // namespace
}  // namespace switchhook::app
