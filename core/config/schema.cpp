#include "core/config/schema.hpp"

#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>

#include <algorithm>
#include <sstream>
#include <vector>

#include "core/config/check.hpp"
#include "core/config/keys.hpp"
#include "core/config/values.hpp"

namespace switchhook::config {
namespace {

using Poco::JSON::Array;
using Poco::JSON::Object;

Object object() {
    return Object(Poco::JSON_PRESERVE_KEY_ORDER);
}

Array strings(std::span<const std::string_view> words) {
    Array array;
    for (const std::string_view word : words) array.add(std::string(word));
    return array;
}

// What a value of that type looks like; limits as far as JSON Schema can say them.
Object value_schema(SettingType type, std::int64_t min, std::int64_t max, const char* fallback, const char* help) {
    Object schema = object();
    schema.set("description", std::string(help));
    const bool has_max = max != INT64_MAX;
    switch (type) {
        case SettingType::boolean:
            schema.set("type", std::string("boolean"));
            if (fallback != nullptr) schema.set("default", parse_boolean(fallback).value());
            return schema;
        case SettingType::integer:
            schema.set("type", std::string("integer"));
            schema.set("minimum", min);
            if (has_max) schema.set("maximum", max);
            if (fallback != nullptr) schema.set("default", parse_integer(fallback).value());
            return schema;
        case SettingType::duration:
            schema.set("type", std::string("string"));
            schema.set("pattern", std::string("^[0-9]+(ms|s|min|h|d)$"));
            break;
        case SettingType::bytes: {
            constexpr std::string_view kTypes[] = {"integer", "string"};
            schema.set("type", strings(kTypes));
            schema.set("pattern", std::string("^[0-9]+(KiB|MiB|GiB|TiB)?$"));
            break;
        }
        case SettingType::text_list: {
            schema.set("type", std::string("array"));
            Object item = object();
            item.set("type", std::string("string"));
            schema.set("items", item);
            if (min > 0) schema.set("minItems", min);
            if (has_max) schema.set("maxItems", max);
            if (fallback == nullptr) return schema;
            Array words;
            std::istringstream list{std::string(fallback)};
            for (std::string word; std::getline(list, word, ',');) {
                const auto first = word.find_first_not_of(' ');
                if (first != std::string::npos) words.add(word.substr(first, word.find_last_not_of(' ') - first + 1));
            }
            schema.set("default", words);
            return schema;
        }
        case SettingType::text:
        case SettingType::secret:
        case SettingType::path:
            schema.set("type", std::string("string"));
            if (min > 0) schema.set("minLength", min);
            if (has_max) schema.set("maxLength", max);
            break;
    }
    if (fallback != nullptr && type != SettingType::secret) schema.set("default", std::string(fallback));
    return schema;
}

class Writer {
public:
    explicit Writer(std::span<const Declared> components) : components_(components.begin(), components.end()) {
        std::ranges::sort(components_, {}, &Declared::name);
    }

    Object section(std::string_view path, const char* help) const {
        Object schema = object();
        if (*help != '\0') schema.set("description", std::string(help));
        constexpr std::string_view kTypes[] = {"object", "null"};
        schema.set("type", strings(kTypes));
        Object properties = object();
        Array required;
        for (const Key* key : keys_inside(path)) {
            const std::string_view word = last_word(key->path);
            if (word == "*") {
                schema.set("additionalProperties", entry(*key));
                return schema;
            }
            properties.set(std::string(word), entry(*key));
            if (key->required) required.add(std::string(word));
        }
        schema.set("properties", properties);
        if (required.size() > 0) schema.set("required", required);
        schema.set("additionalProperties", false);
        return schema;
    }

private:
    Object entry(const Key& key) const {
        switch (key.shape) {
            case Shape::section:
                return section(key.path, key.help);
            case Shape::instance:
                return instance(key);
            case Shape::list:
                return list(key);
            case Shape::value:
                return value(key);
            case Shape::foreign:
                break;
        }
        Object schema = object();
        schema.set("description", std::string(key.help));
        return schema;
    }

    static Object value(const Key& key) {
        Object schema = value_schema(key.type, key.min, key.max, key.fallback, key.help);
        if (!key.choices.empty()) schema.set("enum", strings(key.choices));
        if (key.several) {
            constexpr std::string_view kTypes[] = {"string", "array"};
            schema.set("type", strings(kTypes));
            Object item = object();
            item.set("type", std::string("string"));
            schema.set("items", item);
            schema.set("minItems", 1);
            schema.set("maxItems", static_cast<std::int64_t>(kMostSecrets));
        }
        return schema;
    }

    Object list(const Key& key) const {
        Object schema = object();
        schema.set("description", std::string(key.help));
        constexpr std::string_view kTypes[] = {"array", "null"};
        schema.set("type", strings(kTypes));
        const Key* const inside = find_key(std::string(key.path) + "[]");
        if (inside != nullptr) schema.set("items", entry(*inside));
        return schema;
    }

    // The settings depend on `use`; a stranger's component may hold anything.
    Object instance(const Key& key) const {
        const Key& use = *find_key(std::string(key.path) + ".use");
        Object schema = object();
        schema.set("description", std::string(key.help));
        schema.set("type", std::string("object"));
        Array names;
        Array cases;
        for (const Declared& component : components_) {
            if (component.contract != contract_of_block(key.path)) continue;
            names.add(std::string(component.name));
            cases.add(settings_of(component, use.fallback != nullptr && component.name == use.fallback));
        }
        Object properties = object();
        Object use_schema = value(use);
        if (names.size() > 0) use_schema.set("examples", names);
        properties.set("use", use_schema);
        schema.set("properties", properties);
        if (use.required) {
            Array required;
            required.add(std::string("use"));
            schema.set("required", required);
        }
        if (cases.size() > 0) schema.set("allOf", cases);
        return schema;
    }

    static Object settings_of(const Declared& component, bool is_default) {
        Object name = object();
        name.set("const", std::string(component.name));
        Object use = object();
        use.set("use", name);
        Object condition = object();
        condition.set("properties", use);
        Array required;
        required.add(std::string("use"));
        if (!is_default) condition.set("required", required);  // the default component needs no `use`

        Object properties = object();
        properties.set("use", true);
        for (const Setting& setting : component.settings)
            properties.set(setting.key,
                           value_schema(setting.type, setting.min, setting.max, setting.fallback, setting.help));
        Object settings = object();
        settings.set("description", std::string(component.summary));
        settings.set("properties", properties);
        settings.set("additionalProperties", false);

        Object result = object();
        result.set("if", condition);
        result.set("then", settings);
        return result;
    }

    std::vector<Declared> components_;
};

}  // namespace

std::string schema_json(std::span<const Declared> components) {
    const Object sections = Writer(components).section("", "");
    Object schema = object();
    schema.set("$schema", std::string("https://json-schema.org/draft/2020-12/schema"));
    schema.set("title", std::string("Switchhook configuration"));
    for (const char* word : {"type", "properties", "additionalProperties"}) schema.set(word, sections.get(word));
    std::ostringstream out;
    schema.stringify(out, 2);
    return out.str() + "\n";
}

}  // namespace switchhook::config
