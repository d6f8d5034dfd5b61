#include "core/app/reload.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/config/changes.hpp"

namespace switchhook::app {
namespace {

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& word : words) text.append(text.empty() ? "" : ", ").append(word);
    return text;
}

// sd_notify(3): since when, on the clock that systemd looks at.
std::string reloading(const Clock& clock) {
    const auto since = std::chrono::duration_cast<std::chrono::microseconds>(clock.steady().time_since_epoch());
    return "RELOADING=1\nMONOTONIC_USEC=" + std::to_string(since.count()) + "\nSTATUS=reloading";
}

}  // namespace

Reload::Reload(Loaded& loaded, std::span<const SourceName> sources, Server& server,
               const ServiceManager& service_manager, const ReloadAnswer& answer)
    : loaded_(loaded),
      sources_(sources),
      server_(server),
      service_manager_(service_manager),
      answer_(answer),
      log_(loaded.logging->log()),
      host_(loaded.logging->for_instance("config"), loaded.clock),
      in_force_(loaded.configuration.merged),
      warnings_(as_texts(loaded.configuration.config.warnings)) {}

void Reload::run() {
    const std::string mark = answer_.asked();
    static_cast<void>(service_manager_.notify(reloading(loaded_.clock)));
    std::vector<Problem> problems;
    auto next = std::make_shared<Configuration>(read_configuration(loaded_.catalog, sources_, host_, problems));
    auto assembly = std::make_unique<Assembly>(*loaded_.logging, loaded_.clock);
    if (next->readable) {
        assembly->make(loaded_.catalog, next->config, problems);
        if (problems.empty()) assembly->check_hooks(next->config, problems);
    }
    if (problems.empty()) {
        const auto changes = config::changes_between(in_force_, next->merged);
        const auto since_start = config::changes_between(loaded_.configuration.merged, next->merged);
        if (std::ranges::find(since_start.after_restart, "sip") != since_start.after_restart.end()) {
            problems.push_back({.place = {}, .text = "SIP is switched on or off by a restart; nothing was changed"});
        } else if (Status taken = server_.take({next, &next->config}, std::move(assembly)); !taken) {
            problems.push_back({.place = {}, .text = taken.message()});
        } else {
            in_force_ = next->merged;
            applied(next->config, changes.in_effect, since_start.after_restart);
        }
    }
    if (!problems.empty()) refused(problems);
    server_.tell_service_manager("READY=1\n");
    answer_.answer(mark, as_lines(problems));
}

void Reload::refused(std::span<const Problem> problems) {
    const auto texts = as_texts(problems);
    server_.count_reload("refused");
    auto warnings = warnings_;
    warnings.push_back("the configuration was not reloaded, and the one before is in force: " + texts.front() +
                       (texts.size() > 1 ? " (and " + std::to_string(texts.size() - 1) + " more, see the log)" : ""));
    server_.say(std::move(warnings));
    for (const auto& text : texts) log_.error("the configuration was not reloaded", {{"why", text}});
}

void Reload::applied(const config::Config& config, const std::vector<std::string>& in_effect,
                     const std::vector<std::string>& after_restart) {
    for (const auto& notice : config.notices) log_.info(notice.text, {{"place", notice.place}});
    for (const auto& warning : config.warnings) log_.warning(warning.text, {{"place", warning.place}});
    server_.count_reload("applied");
    warnings_ = as_texts(config.warnings);
    const auto keys = joined(after_restart);
    if (!keys.empty()) warnings_.push_back("these keys take effect after a restart: " + keys);
    server_.say(warnings_);
    if (!keys.empty()) log_.warning("these keys take effect after a restart", {{"keys", keys}});
    log_.info("the configuration was reloaded", {{"changed", joined(in_effect)}});
}

}  // namespace switchhook::app
