// For the tests: documents of the two sources, and what compile() makes of them.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/compile.hpp"
#include "core/config/merge.hpp"
#include "plugins/config_env/environment.hpp"
#include "plugins/config_file/yaml_reader.hpp"

namespace switchhook::config::test {

using Variables = std::map<std::string, std::string>;

inline Document from_file(std::string_view yaml) {
    return config_file::read_yaml(yaml, "switchhook.yaml");
}

inline Document from_environment(const Variables& variables) {
    return config_env::read_environment([&](const std::string& name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional(found->second);
    });
}

struct Compiled {
    Node merged;
    Config config;
    std::vector<Problem> problems;

    std::vector<std::string> texts() const {
        std::vector<std::string> all;
        for (const auto& problem : problems) all.push_back(problem.text);
        return all;
    }
    // Every problem as a person reads it.
    std::string all() const {
        std::string text;
        for (const auto& problem : problems) text += problem.place + ": " + problem.text + "\n";
        return text;
    }
    const Problem* find(std::string_view text) const {
        for (const auto& problem : problems)
            if (problem.text == text) return &problem;
        return nullptr;
    }
    bool has(std::string_view part) const { return all().find(part) != std::string::npos; }
};

inline Compiled compiled(const std::vector<Document>& documents) {
    Compiled result;
    for (const auto& document : documents)
        result.problems.insert(result.problems.end(), document.problems.begin(), document.problems.end());
    result.merged = merge(documents);
    result.config = compile(result.merged, result.problems);
    return result;
}

inline Compiled compiled_file(std::string_view yaml) {
    return compiled({from_file(yaml)});
}
inline Compiled compiled_environment(const Variables& variables) {
    return compiled({from_environment(variables)});
}

}  // namespace switchhook::config::test
