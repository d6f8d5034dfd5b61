// The configuration files that are shipped: they load, and switchhook.yaml comments every key.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "core/config/check.hpp"
#include "core/config/keys.hpp"
#include "tests/unit/config/reading_sources.hpp"

namespace switchhook::config::test {
namespace {

std::string content(const std::string& path) {
    std::ifstream file(std::string(SWITCHHOOK_SOURCE_DIR) + "/config/" + path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

// The file with its examples switched on: "#name:" and "#  name:" are examples, "# Text" is a comment.
std::string with_examples(const std::string& yaml) {
    std::istringstream lines(yaml);
    std::string result;
    for (std::string line; std::getline(lines, line);) {
        const bool example =
            line.size() > 1 && line[0] == '#' && !(line[1] == ' ' && line.size() > 2 && line[2] != ' ');
        result += (example ? line.substr(1) : line) + "\n";
    }
    return result;
}

bool has_key(const Node& node, std::string_view path) {
    const auto dot = path.find('.');
    std::string_view word = path.substr(0, dot);
    const bool listed = word.ends_with("[]");
    if (listed) word.remove_suffix(2);
    const Node* child = word == "*" && !node.entries.empty() ? &node.entries.front().second : node.find(word);
    if (child == nullptr) return false;
    if (dot == std::string_view::npos) return true;
    if (!listed) return has_key(*child, path.substr(dot + 1));
    for (const Node& item : child->items)
        if (has_key(item, path.substr(dot + 1))) return true;
    return false;
}

TEST(ShippedConfiguration, runs_as_it_is) {
    const auto result = compiled_file(content("switchhook.yaml"));
    EXPECT_EQ(result.all(), "");
    EXPECT_TRUE(result.config.livekit.keys.empty());
    EXPECT_FALSE(result.config.sip.has_value());
    EXPECT_TRUE(result.config.warnings.empty());
    EXPECT_TRUE(result.config.notices.empty());
    EXPECT_EQ(result.config.server.port, Server{}.port);
    EXPECT_EQ(result.config.storage.settings.find("path")->text, "/var/lib/switchhook/switchhook.db");
}

TEST(ShippedConfiguration, comments_every_key) {
    const auto document = from_file(with_examples(content("switchhook.yaml")));
    ASSERT_TRUE(document.problems.empty()) << document.problems[0].place << document.problems[0].text;
    for (const Key& key : keys()) {
        if (key.shape == Shape::foreign || key.path.ends_with("[]")) continue;
        EXPECT_TRUE(has_key(document.root, key.path)) << key.path;
    }
}

TEST(ShippedConfiguration, has_examples_that_fit) {
    const auto document = from_file(with_examples(content("switchhook.yaml")));
    std::vector<Problem> problems;
    std::vector<std::string> foreign;
    check_shape(document.root, problems, foreign);
    EXPECT_TRUE(problems.empty()) << problems[0].place << problems[0].text;
    EXPECT_TRUE(foreign.empty());
}

TEST(ShippedConfiguration, names_every_variable) {
    const std::string text = content("switchhook.yaml");
    for (const Key& key : keys()) {
        EXPECT_NE(text.find(key.variable.empty() ? "" : "$" + std::string(key.variable)), std::string::npos)
            << key.variable;
    }
}

TEST(ShippedConfiguration, has_the_declared_defaults_in_its_examples) {
    const std::string text = content("switchhook.yaml");
    for (const Key& key : keys()) {
        if (key.fallback == nullptr || (!key.path.starts_with("server.") && !key.path.starts_with("delivery.")))
            continue;
        EXPECT_NE(text.find("  " + std::string(last_word(key.path)) + ": " + key.fallback + " "), std::string::npos)
            << key.path;
    }
}

TEST(ShippedConfiguration, holds_no_secret) {
    const auto document = from_file(with_examples(content("switchhook.yaml")));
    const auto reference = [](const Node* node) {
        return node->text.starts_with("file:") || node->text.starts_with("env:") ||
               node->text.starts_with("credential:");
    };
    EXPECT_TRUE(reference(document.root.find("livekit")->find("api_secret")));
    EXPECT_TRUE(reference(document.root.find("sip")->find("hook_secret")));
    EXPECT_TRUE(reference(document.root.find("auth")->find("api_secret")));
}

TEST(Demonstration, loads_with_the_environment_that_it_is_given) {
    const auto result = compiled(
        {from_file(content("examples/demo.yaml")),
         from_environment({{"PORT", "0"},
                           {"LIVEKIT_API_KEY", "devkey"},
                           {"LIVEKIT_API_SECRET", "made for the occasion"},
                           {"SIP_ROOM_PREFIX", "sip-"},
                           {"SIP_ALLOWED_ADDRESSES", "127.0.0.1"},
                           {"SIP_HOOK_SECRET", "0123456789abcdef"},
                           {"SIP_HOOKS_JSON", R"([{"host":"customer-a.com","url":"https://localhost:8443/"}])"}})});
    EXPECT_EQ(result.all(), "");
    EXPECT_EQ(result.config.server.port, 0);
    EXPECT_EQ(result.config.storage.settings.find("path")->text, "demo.db");
    EXPECT_EQ(result.config.forwarder.settings.find("allow")->items.size(), 2U);
}

TEST(Demonstration, runs_without_any_environment) {
    EXPECT_EQ(compiled_file(content("examples/demo.yaml")).all(), "");
}

}  // namespace
}  // namespace switchhook::config::test
