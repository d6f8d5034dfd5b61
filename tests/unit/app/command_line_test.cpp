#include "core/app/command_line.hpp"

#include <gtest/gtest.h>

namespace switchhook::app {
namespace {

using Sources = std::vector<SourceName>;

TEST(SourceName, IsSplitAtTheFirstColon) {
    EXPECT_EQ(*source_name("env"), (SourceName{"env", ""}));
    EXPECT_EQ(*source_name("file:/etc/a:b.yaml"), (SourceName{"file", "/etc/a:b.yaml"}));
    EXPECT_EQ(*source_name("file:"), (SourceName{"file", ""}));
}

TEST(SourceName, IsRefusedWithoutAName) {
    EXPECT_FALSE(source_name("").ok());
    EXPECT_FALSE(source_name(":/etc/a.yaml").ok());
}

TEST(CommandLine, ReadsTheDefaultSourcesWhenNoneIsNamed) {
    const Sources standard{{"file", "/etc/switchhook/switchhook.yaml"}, {"env", ""}};
    for (const char* command : {"serve", "check"})
        EXPECT_EQ(command_line({command}, {}, false, false)->sources, standard);
    EXPECT_EQ(command_line({"plugins"}, {}, false, false)->sources, Sources{});
}

TEST(CommandLine, KeepsTheOrderOfNamedSources) {
    const Sources named{{"env", ""}, {"file", "b"}, {"file", "a"}};
    for (const char* command : {"serve", "check", "plugins", "version"})
        EXPECT_EQ(command_line({command}, named, false, false)->sources, named) << command;
}

TEST(CommandLine, IsRefusedWhenItAsksForNothingKnown) {
    EXPECT_FALSE(command_line({}, {}, false, false).ok());
    EXPECT_FALSE(command_line({"dance"}, {}, false, false).ok());
    EXPECT_FALSE(command_line({"Serve"}, {}, false, false).ok());
    EXPECT_FALSE(command_line({"serve", "check"}, {}, false, false).ok());
}

TEST(CommandLine, TakesShowAndSchemaWithCheckOnlyAndNotTogether) {
    EXPECT_TRUE(command_line({"check"}, {}, true, false)->show);
    EXPECT_TRUE(command_line({"check"}, {}, false, true)->schema);
    EXPECT_FALSE(command_line({"serve"}, {}, true, false).ok());
    EXPECT_FALSE(command_line({"plugins"}, {}, false, true).ok());
    EXPECT_FALSE(command_line({"check"}, {}, true, true).ok());
}

TEST(CommandLine, OfASecretNamesItsTenantTrimmed) {
    const auto line = command_line({"secret"}, {}, false, false, " tenant-a\t", "standard");
    ASSERT_TRUE(line.ok());
    EXPECT_EQ(line->command, Command::secret);
    EXPECT_EQ(line->tenant, "tenant-a");
    EXPECT_EQ(line->dialect, "standard");
    EXPECT_EQ(line->sources.size(), 2U);
    EXPECT_EQ(command_line({"secret"}, {}, false, false, "t")->dialect, "");
}

TEST(CommandLine, OfASecretIsRefusedWithoutATenantAndATenantWithoutIt) {
    EXPECT_FALSE(command_line({"secret"}, {}, false, false).ok());
    EXPECT_FALSE(command_line({"secret"}, {}, false, false, "").ok());
    EXPECT_FALSE(command_line({"secret"}, {}, false, false, " ").ok());
    EXPECT_FALSE(command_line({"secret"}, {}, false, false, std::nullopt, "standard").ok());
    EXPECT_FALSE(command_line({"secret"}, {}, false, false, "t", "").ok());
    EXPECT_FALSE(command_line({"secret"}, {}, true, false, "t").ok());
    EXPECT_FALSE(command_line({"secret", "t"}, {}, false, false, "t").ok());
    for (const char* command : {"serve", "check", "plugins", "version"}) {
        EXPECT_FALSE(command_line({command}, {}, false, false, "t").ok()) << command;
        EXPECT_FALSE(command_line({command}, {}, false, false, std::nullopt, "standard").ok()) << command;
    }
}

}  // namespace
}  // namespace switchhook::app
