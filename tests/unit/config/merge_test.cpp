#include "core/config/merge.hpp"

#include <gtest/gtest.h>

#include "tests/unit/config/reading_sources.hpp"

namespace switchhook::config::test {
namespace {

Node merged(std::initializer_list<std::string_view> files) {
    std::vector<Document> documents;
    for (const auto file : files) documents.push_back(from_file(file));
    return merge(documents);
}

TEST(Merging, lets_a_later_source_win_key_by_key) {
    const Node root = merged({"server:\n  host: a\n  port: 1\n", "server:\n  port: 2\n"});
    EXPECT_EQ(root.find("server")->find("host")->text, "a");
    EXPECT_EQ(root.find("server")->find("port")->text, "2");
}

TEST(Merging, replaces_lists_as_a_whole_also_by_an_empty_one) {
    EXPECT_EQ(merged({"plugins: [a, b]\n", "plugins: [c]\n"}).find("plugins")->items.size(), 1U);
    EXPECT_EQ(merged({"plugins: [a, b]\n", "plugins: []\n"}).find("plugins")->items.size(), 0U);
}

TEST(Merging, lets_a_null_replace_nothing) {
    const Node root = merged({"server:\n  port: 1\nsip:\n", "server:\n  port:\n"});
    EXPECT_EQ(root.find("server")->find("port")->text, "1");
    EXPECT_EQ(root.find("sip")->kind, NodeKind::null);
}

TEST(Merging, does_not_give_one_component_the_settings_of_another) {
    const Node root = merged({"storage: { use: sqlite, path: /x }\n", "storage: { use: redis, url: y }\n"});
    EXPECT_EQ(root.find("storage")->find("path"), nullptr);
    EXPECT_EQ(root.find("storage")->find("url")->text, "y");
    const Node same = merged({"storage: { use: sqlite, path: /x }\n", "storage: { use: sqlite, other: y }\n"});
    EXPECT_EQ(same.find("storage")->find("path")->text, "/x");
}

TEST(Merging, keeps_what_is_no_map_so_that_it_is_reported) {
    for (const auto& order :
         {std::vector<Document>{from_file("sip: off\n"), from_environment({{"SIP_ROOM_PREFIX", "a"}})},
          std::vector<Document>{from_environment({{"SIP_ROOM_PREFIX", "a"}}), from_file("sip: off\n")}})
        EXPECT_TRUE(compiled(order).has("switchhook.yaml:1: sip must be a map of keys"));
}

TEST(Merging, of_nothing_is_nothing) {
    EXPECT_EQ(merge({}).kind, NodeKind::null);
    EXPECT_EQ(merged({"", "# empty\n"}).kind, NodeKind::null);
}

TEST(Merging, gives_every_value_the_place_of_the_source_that_won) {
    const auto result = compiled(
        {from_file("livekit:\n  api_key: a\n  api_secret: b\n"), from_environment({{"LIVEKIT_API_SECRET", "c"}})});
    EXPECT_EQ(result.config.livekit.keys.at("a"), "c");
    EXPECT_EQ(result.config.place_of("livekit.api_key"), "switchhook.yaml:2");
    EXPECT_EQ(result.config.place_of("livekit.api_secret"), "$LIVEKIT_API_SECRET");
    EXPECT_EQ(result.config.place_of("livekit.url"), "switchhook.yaml:2");  // of the block, as it is not given
    EXPECT_EQ(result.config.place_of("server.port"), "");
}

}  // namespace
}  // namespace switchhook::config::test
