// config/schema.json is what the declarations say, those of our plugins included.
#include "core/config/schema.hpp"

#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <switchhook/plugin.hpp>

#include "core/config/keys.hpp"

namespace switchhook::config {
namespace {

// The test reads manifests only; the door has its own tests.
std::vector<Declared> declared_by_our_plugins() {
    std::vector<std::filesystem::path> files;
    for (const auto& entry :
         std::filesystem::directory_iterator(std::string(SWITCHHOOK_BINARY_DIR) + "/lib/switchhook/plugins"))
        if (entry.path().extension() == ".so") files.push_back(entry.path());
    std::ranges::sort(files);
    std::vector<Declared> declared;
    for (const auto& file : files) {
        void* const library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
        if (library == nullptr) {
            ADD_FAILURE() << ::dlerror();
            continue;
        }
        auto* const manifest_function = reinterpret_cast<ManifestFunction*>(::dlsym(library, kManifestSymbol));
        const Manifest* const manifest = manifest_function();
        for (const ComponentEntry& entry : std::span(manifest->components, manifest->components_count))
            declared.push_back(
                {contract_name(entry.contract), entry.name, entry.summary, {entry.settings, entry.settings_count}});
    }
    return declared;
}

Poco::JSON::Object::Ptr parsed(const std::string& text) {
    return Poco::JSON::Parser().parse(text).extract<Poco::JSON::Object::Ptr>();
}

TEST(Schema, in_the_repository_is_the_generated_one) {
    const std::string path = std::string(SWITCHHOOK_SOURCE_DIR) + "/config/schema.json";
    const std::string generated = schema_json(declared_by_our_plugins());
    if (std::getenv("SWITCHHOOK_WRITE_SCHEMA") != nullptr) std::ofstream(path, std::ios::binary) << generated;
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    EXPECT_TRUE(text.str() == generated) << "config/schema.json is out of date; write it with "
                                            "SWITCHHOOK_WRITE_SCHEMA=1 and this test, and commit it";
}

TEST(Schema, says_which_draft_it_is_and_allows_no_unknown_key) {
    const auto schema = parsed(schema_json({}));
    EXPECT_EQ(schema->getValue<std::string>("$schema"), "https://json-schema.org/draft/2020-12/schema");
    EXPECT_FALSE(schema->getValue<bool>("additionalProperties"));
    EXPECT_FALSE(schema->getObject("properties")->getObject("server")->getValue<bool>("additionalProperties"));
}

TEST(Schema, holds_every_declared_key) {
    const auto schema = parsed(schema_json({}));
    for (const Key& key : keys()) {
        auto here = schema;
        std::string path(key.path);
        std::ranges::replace(path, '.', '\n');
        std::istringstream words(path);
        for (std::string word; here && std::getline(words, word, '\n');) {
            const bool listed = word.ends_with("[]");
            if (listed) word.resize(word.size() - 2);
            here =
                word == "*" ? here->getObject("additionalProperties") : here->getObject("properties")->getObject(word);
            if (listed && here) here = here->getObject("items");
        }
        ASSERT_FALSE(here.isNull()) << key.path;
        EXPECT_EQ(here->getValue<std::string>("description"), key.help) << key.path;
    }
}

TEST(Schema, carries_the_settings_of_plugins_and_no_default_of_a_secret) {
    constexpr Setting settings[] = {{"path", SettingType::path, nullptr, "File.", 1, INT64_MAX},
                                    {"token", SettingType::secret, "hidden", "Token.", 0, INT64_MAX},
                                    {"wait", SettingType::duration, "5s", "Time.", 0, INT64_MAX}};
    const Declared components[] = {{"outbox", "sqlite", "One file.", settings}, {"matcher", "other", "", {}}};
    const std::string text = schema_json(components);
    EXPECT_EQ(text.find("hidden"), std::string::npos);
    const auto storage = parsed(text)->getObject("properties")->getObject("storage");
    const auto cases = storage->getArray("allOf");
    ASSERT_EQ(cases->size(), 1U);
    const auto then = cases->getObject(0)->getObject("then");
    EXPECT_EQ(then->getObject("properties")->getObject("wait")->getValue<std::string>("default"), "5s");
    EXPECT_FALSE(then->getValue<bool>("additionalProperties"));
}

TEST(Schema, does_not_depend_on_the_order_of_plugins) {
    const Declared one[] = {{"matcher", "a", "", {}}, {"matcher", "b", "", {}}};
    const Declared other[] = {{"matcher", "b", "", {}}, {"matcher", "a", "", {}}};
    EXPECT_EQ(schema_json(one), schema_json(other));
}

}  // namespace
}  // namespace switchhook::config
