#include "core/cli/explain.hpp"

#include <string_view>

#include "core/base/mask_numbers.hpp"
#include "core/cli/json_text.hpp"
#include "core/cli/text_table.hpp"

namespace switchhook::cli {
namespace {

constexpr std::size_t kShownLine = 1000;

// Intake's questions before it asks the matchers (core/pipeline/intake.cpp). Empty: they are asked.
std::string why_not_asked(const Event& event, const std::string& prefix) {
    if (event.room_name.empty()) return "it names no room, so it belongs to no call: nobody gets it";
    if (!event.room_name.starts_with(prefix))
        return "its room does not begin with sip.room_prefix '" + prefix + "', so it is none of SIP: nobody gets it";
    if (event.call_id().empty())
        return "it carries no sip.callID, so it goes where the call of its participant or room goes: that was decided "
               "by the "
               "first event of the call that carried one, usually participant_joined. Explain that one";
    return {};
}

Json lines_of(std::string_view text) {
    Json lines = Json::array();
    while (!text.empty()) {
        const auto end = text.find('\n');
        lines.push_back(std::string(text.substr(0, end)));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return lines;
}

Json hook_of(const Hook& hook, const Event& event, const Ground& ground) {
    Json made = {{"host", hook.host},
                 {"url", hook.url},
                 {"auth_id", hook.auth_id},
                 {"from", hook.configured ? "the configuration" : ground.stored_in},
                 {"dialect", ground.dialects.name_for(hook)}};
    if (hook.dialect.empty()) made["dialect_is"] = "the default, delivery.dialect";
    if (ground.dialects.find(ground.dialects.name_for(hook)) == nullptr)
        made["dialect_is"] = "offered by no plugin that the configuration names";
    if (hook.events.empty())
        made["events"] = "the default of its dialect";
    else
        made["events"] = hook.events;
    made["wants_this_event"] = ground.dialects.wants(hook, event.name);
    return made;
}

Json explained(const Event& event, const Ground& ground) {
    Json made = {{"event", event.name}, {"room", event.room_name}, {"call", event.call_id()}};
    const std::string not_asked = why_not_asked(event, ground.room_prefix);
    made["matchers_are_asked"] = not_asked.empty();
    if (!not_asked.empty()) made["because"] = not_asked;
    made["matchers"] = Json::array();
    made["hooks"] = Json::array();
    if (!not_asked.empty()) return made;
    for (const auto& step : ground.routes.explain(event)) {
        made["matchers"].push_back({{"use", ground.matchers[step.matcher]},
                                    {"decided", !step.matches.hooks.empty()},
                                    {"host", step.matches.host},
                                    {"steps", lines_of(step.text)}});
        for (const auto id : step.matches.hooks)
            if (const Hook* hook = ground.routes.find(id)) made["hooks"].push_back(hook_of(*hook, event, ground));
    }
    return made;
}

std::string masked(const Json& value) {
    return base::shown(cell(value), kShownLine);
}

std::string hook_text(const Json& hook, const std::string& event) {
    const auto note = hook.find("dialect_is");
    std::string text = "the hook of " + plain(cell(hook["host"])) + ", from " + plain(cell(hook["from"])) + "\n";
    text.append("  tenant   ").append(plain(cell(hook["auth_id"]))).append("\n");
    text.append("  url      ").append(plain(cell(hook["url"]))).append("\n");
    text.append("  dialect  ").append(plain(cell(hook["dialect"])));
    if (note != hook.end()) text.append(" (").append(cell(*note)).append(")");
    text.append("\n  events   ").append(plain(cell(hook["events"]))).append("\n");
    text.append(hook["wants_this_event"].get<bool>() ? "  gets     " : "  does not get ").append(event).append("\n");
    return text;
}

std::string text_of(const Json& made) {
    const std::string event = masked(made["event"]);
    std::string text = "event " + event + " of room " + masked(made["room"]);
    if (const auto call = cell(made["call"]); !call.empty()) text.append(", call ").append(plain(call));
    text.append("\n");
    if (!made["matchers_are_asked"].get<bool>()) return text + "  " + cell(made["because"]) + "\n";
    for (const auto& matcher : made["matchers"]) {
        text.append("matcher ").append(cell(matcher["use"])).append("\n");
        for (const auto& step : matcher["steps"]) text.append("  ").append(masked(step)).append("\n");
        if (matcher["decided"].get<bool>()) text.append("  this matcher decides\n");
    }
    for (const auto& hook : made["hooks"]) text.append(hook_text(hook, event));
    if (made["hooks"].empty())
        text.append("no matcher found a hook: the call belongs to nobody, unless its room has a hook\n");
    return text;
}

}  // namespace

std::string explain(const Event& event, const Ground& ground, Form form) {
    const Json made = explained(event, ground);
    return form == Form::json ? json_text(made) : text_of(made);
}

}  // namespace switchhook::cli
