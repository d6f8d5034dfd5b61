#include "core/app/configuration.hpp"

#include "core/config/changes.hpp"
#include "core/config/compile.hpp"
#include "core/config/merge.hpp"

namespace switchhook::app {
namespace {

config::Instance instance_of(const SourceName& source) {
    const std::string place = "--config " + source.use + (source.argument.empty() ? "" : ":" + source.argument);
    Node argument;
    argument.kind = NodeKind::scalar;
    argument.place = place;
    argument.text = source.argument;
    argument.quoted = true;
    Node settings;
    settings.kind = NodeKind::map;
    settings.place = place;
    settings.entries.emplace_back("argument", std::move(argument));
    return {.use = source.use, .settings = std::move(settings), .place = place};
}

}  // namespace

Configuration read_configuration(const plugin::Catalog& catalog, std::span<const SourceName> sources, Host& host,
                                 std::vector<Problem>& problems) {
    bool readable = true;
    std::vector<Document> documents;
    for (const auto& name : sources) {
        const auto instance = instance_of(name);
        const auto source = catalog.config_source(instance, host, problems);
        if (!source) {
            readable = false;
            continue;
        }
        auto document = source->load();
        if (!document) {
            problems.push_back({.place = instance.place, .text = document.status().message()});
            readable = false;
            continue;
        }
        // A text that could not be read to its end says nothing about the keys that are missing from it.
        if (!document->problems.empty() && document->root.kind == NodeKind::null) readable = false;
        problems.insert(problems.end(), document->problems.begin(), document->problems.end());
        documents.push_back(*std::move(document));
    }
    Configuration configuration;
    if (!readable) return configuration;
    configuration.readable = true;
    configuration.merged = config::merge(documents);
    configuration.config = config::compile(configuration.merged, problems);
    return configuration;
}

Watch::Watch(const plugin::Catalog& catalog, std::span<const SourceName> sources, Host& host, const Node& known,
             const std::function<void()>& changed) {
    std::vector<Problem> problems;  // none: the same were made a moment ago
    std::vector<Document> documents;
    bool readable = true;
    for (const auto& name : sources) {
        auto source = catalog.config_source(instance_of(name), host, problems);
        if (!source) continue;
        if (const Status watched = source->watch(changed); !watched)
            host.log().warning("changes of a configuration source are not noticed", {{"why", watched.message()}});
        // Only now: what changes from here on is told by the source.
        auto document = source->load();
        readable = readable && document.ok();
        if (document) documents.push_back(*std::move(document));
        sources_.push_back(std::move(source));
    }
    if (!readable || !config::changes_between(known, config::merge(documents)).none()) changed();
}

Watch::~Watch() {
    for (const auto& source : sources_) source->stop();
}

std::vector<std::string> as_texts(std::span<const Problem> problems) {
    std::vector<std::string> texts;
    texts.reserve(problems.size());
    for (const auto& problem : problems)
        texts.push_back(problem.place.empty() ? problem.text : problem.place + ": " + problem.text);
    return texts;
}

std::string as_lines(std::span<const Problem> problems) {
    std::string lines;
    for (const auto& text : as_texts(problems)) lines.append(text).append("\n");
    return lines;
}

}  // namespace switchhook::app
