#include "core/app/assembly.hpp"

#include <gtest/gtest.h>

#include "core/app/configuration.hpp"
#include "core/app/exit_codes.hpp"
#include "core/app/open_files.hpp"

namespace switchhook::app {
namespace {

constexpr Setting kSettings[] = {
    {.key = "path", .type = SettingType::path, .fallback = nullptr, .help = ""},
    {.key = "park", .type = SettingType::duration, .fallback = "30s", .help = ""},
    {.key = "keep_bytes", .type = SettingType::bytes, .fallback = "1GiB", .help = ""},
};

ComponentEntry declaring(std::size_t count) {
    ComponentEntry entry;
    entry.settings = kSettings;
    entry.settings_count = count;
    return entry;
}

config::Config with_storage(std::vector<std::pair<std::string, std::string>> settings) {
    config::Config config;
    config.storage.use = "some";
    config.storage.settings.kind = NodeKind::map;
    for (auto& [key, text] : settings) {
        Node node;
        node.kind = NodeKind::scalar;
        node.text = std::move(text);
        config.storage.settings.entries.emplace_back(std::move(key), std::move(node));
    }
    config.delivery.park = config::milliseconds(1500);
    config.delivery.keep_bytes = 4096;
    config.places["delivery.park"] = "switchhook.yaml:9";
    return config;
}

TEST(OutboxInstance, IsGivenTheDeliveryBlocksKeysThatItDeclares) {
    const auto instance = outbox_instance(declaring(3), with_storage({{"path", "/x"}}));
    ASSERT_EQ(instance.settings.entries.size(), 3U);
    EXPECT_EQ(instance.settings.find("path")->text, "/x");
    EXPECT_EQ(instance.settings.find("park")->text, "1500ms");
    EXPECT_EQ(instance.settings.find("park")->place, "switchhook.yaml:9");
    EXPECT_EQ(instance.settings.find("keep_bytes")->text, "4096");
}

TEST(OutboxInstance, IsGivenNothingThatItDoesNotDeclare) {
    EXPECT_EQ(outbox_instance(declaring(1), with_storage({{"path", "/x"}})).settings.entries.size(), 1U);
    EXPECT_TRUE(outbox_instance(declaring(0), with_storage({})).settings.entries.empty());
}

TEST(OutboxInstance, KeepsWhatTheStorageBlockSaysItself) {
    const auto instance = outbox_instance(declaring(3), with_storage({{"park", "7s"}}));
    EXPECT_EQ(instance.settings.find("park")->text, "7s");
}

TEST(Problems, AreLinesThatBeginWithTheirPlace) {
    EXPECT_EQ(as_lines(std::vector<Problem>{{.place = "a.yaml:3", .text = "sip.hooks[2].url ..."},
                                            {.place = "", .text = "b"}}),
              "a.yaml:3: sip.hooks[2].url ...\nb\n");
}

TEST(OpenFiles, AreNotAllGivenToConnections) {
    EXPECT_EQ(connections_that_fit(20'000, 524'288), 20'000U);
    EXPECT_EQ(connections_that_fit(20'000, 20'000), 15'904U);
    EXPECT_EQ(connections_that_fit(20'000, 1'024), 512U);
    EXPECT_EQ(connections_that_fit(100, 1'024), 100U);
    EXPECT_GE(raise_open_files(), 256U);
}

TEST(ExitCodes, TellAMissingServiceFromAWrongConfiguration) {
    EXPECT_EQ(exit_code({Code::unavailable, "x"}), 69);
    for (const Code code : {Code::invalid, Code::corrupt, Code::conflict, Code::not_found, Code::full})
        EXPECT_EQ(exit_code({code, "x"}), 78);
    EXPECT_EQ(exit_code({Code::internal, "x"}), 70);
}

}  // namespace
}  // namespace switchhook::app
