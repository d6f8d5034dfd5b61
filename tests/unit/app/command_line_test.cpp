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
    for (const char* command : {"serve", "check"}) EXPECT_EQ(command_line({command}, {}, {})->sources, standard);
    EXPECT_EQ(command_line({"plugins"}, {}, {})->sources, Sources{});
}

TEST(CommandLine, KeepsTheOrderOfNamedSources) {
    const Sources named{{"env", ""}, {"file", "b"}, {"file", "a"}};
    for (const char* command : {"serve", "check", "plugins", "version"})
        EXPECT_EQ(command_line({command}, named, {})->sources, named) << command;
}

TEST(CommandLine, IsRefusedWhenItAsksForNothingKnown) {
    EXPECT_FALSE(command_line({}, {}, {}).ok());
    EXPECT_FALSE(command_line({"dance"}, {}, {}).ok());
    EXPECT_FALSE(command_line({"Serve"}, {}, {}).ok());
    EXPECT_FALSE(command_line({"serve", "check"}, {}, {}).ok());
}

TEST(CommandLine, TakesPlanWithProvisionOnly) {
    EXPECT_TRUE(command_line({"provision"}, {}, {.plan = true})->plan);
    EXPECT_FALSE(command_line({"provision"}, {}, {})->plan);
    EXPECT_FALSE(command_line({"serve"}, {}, {.plan = true}).ok());
    EXPECT_FALSE(command_line({"provision"}, {}, {.show = true}).ok());
}

TEST(CommandLine, TakesShowAndSchemaWithCheckOnlyAndNotTogether) {
    EXPECT_TRUE(command_line({"check"}, {}, {.show = true})->show);
    EXPECT_TRUE(command_line({"check"}, {}, {.schema = true})->schema);
    EXPECT_FALSE(command_line({"serve"}, {}, {.show = true}).ok());
    EXPECT_FALSE(command_line({"plugins"}, {}, {.schema = true}).ok());
    EXPECT_FALSE(command_line({"check"}, {}, {.show = true, .schema = true}).ok());
}

TEST(CommandLine, OfASecretNamesItsTenantTrimmed) {
    const auto line = command_line({"secret"}, {}, {.tenant = " tenant-a\t", .dialect = "standard"});
    ASSERT_TRUE(line.ok());
    EXPECT_EQ(line->command, Command::secret);
    EXPECT_EQ(line->tenant, "tenant-a");
    EXPECT_EQ(line->dialect, "standard");
    EXPECT_EQ(line->sources.size(), 2U);
    EXPECT_EQ(command_line({"secret"}, {}, {.tenant = "t"})->dialect, "");
}

TEST(CommandLine, OfASecretIsRefusedWithoutATenantAndATenantWithoutIt) {
    EXPECT_FALSE(command_line({"secret"}, {}, {}).ok());
    EXPECT_FALSE(command_line({"secret"}, {}, {.tenant = ""}).ok());
    EXPECT_FALSE(command_line({"secret"}, {}, {.tenant = " "}).ok());
    EXPECT_FALSE(command_line({"secret"}, {}, {.dialect = "standard"}).ok());
    EXPECT_FALSE(command_line({"secret"}, {}, {.tenant = "t", .dialect = ""}).ok());
    EXPECT_FALSE(command_line({"secret"}, {}, {.show = true, .tenant = "t"}).ok());
    EXPECT_FALSE(command_line({"secret", "t"}, {}, {.tenant = "t"}).ok());
    for (const char* command : {"serve", "check", "plugins", "version"}) {
        EXPECT_FALSE(command_line({command}, {}, {.tenant = "t"}).ok()) << command;
        EXPECT_FALSE(command_line({command}, {}, {.dialect = "standard"}).ok()) << command;
    }
}

}  // namespace
}  // namespace switchhook::app
