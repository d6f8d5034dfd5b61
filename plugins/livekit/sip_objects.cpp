#include "sip_objects.hpp"

#include <algorithm>
#include <utility>

#include "failure.hpp"
#include "mark.hpp"

namespace switchhook::livekit_api {
namespace {

constexpr std::string_view kAllHeaders = "SIP_ALL_HEADERS";
constexpr std::int64_t kAllHeadersNumber = 2;  // livekit_sip.proto SIPHeaderOptions
constexpr std::size_t kShownEntries = 20;

std::string list_text(const std::vector<std::string>& entries) {
    std::string text = "[";
    for (std::size_t i = 0; i < entries.size() && i < kShownEntries; ++i)
        text.append(i == 0 ? "" : ", ").append(clean(entries[i]));
    if (entries.size() > kShownEntries)
        text.append(", and ").append(std::to_string(entries.size() - kShownEntries)).append(" more");
    return text.append("]");
}

bool same_set(std::vector<std::string> a, std::vector<std::string> b) {
    const auto normalise = [](std::vector<std::string>& texts) {
        std::ranges::sort(texts);
        texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
    };
    normalise(a);
    normalise(b);
    return a == b;
}

bool takes_all_headers(const Json& trunk) {
    const Json* const found = field(trunk, "include_headers");
    if (found == nullptr) return false;
    if (found->is_string()) return *found == kAllHeaders;
    return found->is_number_integer() && *found == kAllHeadersNumber;
}

std::string shown_headers(const Json& trunk) {
    const Json* const found = field(trunk, "include_headers");
    if (found == nullptr) return "SIP_NO_HEADERS";
    return found->is_string() ? clean(found->get<std::string>()) : std::to_string(number_of(trunk, "include_headers"));
}

void differ(Differences& differences, std::string_view what, std::string_view is, std::string_view wanted) {
    differences.push_back(std::string(what).append(" ").append(is).append(" -> ").append(wanted));
}

std::string in_quotes(std::string_view text) {
    return "'" + clean(text) + "'";
}

// The kind of a rule and its content: {"dispatch_rule_individual": {...}} inside "rule".
struct RuleKind {
    std::string name;
    const Json* content = nullptr;
};

RuleKind kind_of(const Json& rule) {
    const Json* const one_of = object_of(rule, "rule");
    if (one_of == nullptr) return {};
    for (const char* const name : {"dispatch_rule_individual", "dispatch_rule_direct", "dispatch_rule_callee"})
        if (const Json* const content = object_of(*one_of, name)) return {name, content};
    return {};
}

void mark_difference(Differences& differences, const Json& object, const WantedState& wanted) {
    const std::string metadata = text_of(object, "metadata");
    if (with_mark(metadata, wanted.room_prefix) != metadata)
        differences.emplace_back("metadata gets the mark of Switchhook");
}

// LiveKit's to give.
void remove_given(Json& object, std::string_view id) {
    remove_field(object, id);
    remove_field(object, "created_at");
    remove_field(object, "updated_at");
}

}  // namespace

std::optional<Trunk> read_trunk(const Json& object) {
    Trunk trunk{.id = text_of(object, "sip_trunk_id"),
                .name = text_of(object, "name"),
                .metadata = text_of(object, "metadata"),
                .numbers = texts_of(object, "numbers"),
                .allowed_numbers = texts_of(object, "allowed_numbers"),
                .object = object};
    if (trunk.id.empty()) return std::nullopt;
    return trunk;
}

std::optional<Rule> read_rule(const Json& object) {
    const auto kind = kind_of(object);
    Rule rule{.id = text_of(object, "sip_dispatch_rule_id"),
              .name = text_of(object, "name"),
              .metadata = text_of(object, "metadata"),
              .trunk_ids = texts_of(object, "trunk_ids"),
              .pin = kind.content != nullptr ? text_of(*kind.content, "pin") : std::string(),
              .any_number = texts_of(object, "numbers").empty() && texts_of(object, "inbound_numbers").empty(),
              .object = object};
    if (rule.id.empty()) return std::nullopt;
    return rule;
}

Json new_trunk(const WantedState& wanted) {
    return changed_trunk(Json::object(), wanted);
}

Json new_rule(const WantedState& wanted, const std::string& trunk_id) {
    return changed_rule(Json::object(), wanted, trunk_id);
}

Differences trunk_differences(const Json& trunk, const WantedState& wanted) {
    Differences differences;
    const auto name = text_of(trunk, "name");
    if (name != wanted.trunk_name) differ(differences, "name", in_quotes(name), in_quotes(wanted.trunk_name));
    if (const auto numbers = texts_of(trunk, "numbers"); !numbers.empty())
        differ(differences, "numbers", list_text(numbers), "[]");
    const auto addresses = texts_of(trunk, "allowed_addresses");
    if (!same_set(addresses, wanted.allowed_addresses))
        differ(differences, "allowed_addresses", list_text(addresses), list_text(wanted.allowed_addresses));
    if (!takes_all_headers(trunk)) differ(differences, "include_headers", shown_headers(trunk), kAllHeaders);
    mark_difference(differences, trunk, wanted);
    return differences;
}

Differences rule_differences(const Json& rule, const WantedState& wanted, const std::string& trunk_id) {
    Differences differences;
    const auto name = text_of(rule, "name");
    if (name != wanted.rule_name) differ(differences, "name", in_quotes(name), in_quotes(wanted.rule_name));
    const std::vector<std::string> trunks{trunk_id};
    if (const auto ids = texts_of(rule, "trunk_ids"); ids != trunks)
        differ(differences, "trunk_ids", list_text(ids), trunk_id.empty() ? "[the new trunk]" : list_text(trunks));
    const auto kind = kind_of(rule);
    if (kind.name != "dispatch_rule_individual")
        differ(differences, "rule", kind.name.empty() ? "of unknown kind" : kind.name, "dispatch_rule_individual");
    else if (const auto prefix = text_of(*kind.content, "room_prefix"); prefix != wanted.room_prefix)
        differ(differences, "room_prefix", in_quotes(prefix), in_quotes(wanted.room_prefix));
    const Json* const config = object_of(rule, "room_config");
    const auto participants = config != nullptr ? number_of(*config, "max_participants") : 0;
    if (participants != wanted.max_participants)
        differ(differences, "max_participants", std::to_string(participants), std::to_string(wanted.max_participants));
    mark_difference(differences, rule, wanted);
    return differences;
}

Json changed_trunk(Json trunk, const WantedState& wanted) {
    remove_given(trunk, "sip_trunk_id");
    const auto metadata = with_mark(text_of(trunk, "metadata"), wanted.room_prefix);
    set_field(trunk, "name", wanted.trunk_name);
    set_field(trunk, "metadata", metadata);
    set_field(trunk, "numbers", Json::array());
    set_field(trunk, "allowed_addresses", wanted.allowed_addresses);
    set_field(trunk, "include_headers", kAllHeaders);
    return trunk;
}

Json changed_rule(Json rule, const WantedState& wanted, const std::string& trunk_id) {
    const auto kind = kind_of(rule);
    Json individual = kind.name == "dispatch_rule_individual" ? *kind.content : Json::object();
    set_field(individual, "room_prefix", wanted.room_prefix);
    const Json* const config = object_of(rule, "room_config");
    Json room = config != nullptr ? *config : Json::object();
    set_field(room, "max_participants", wanted.max_participants);
    const auto metadata = with_mark(text_of(rule, "metadata"), wanted.room_prefix);

    remove_given(rule, "sip_dispatch_rule_id");
    set_field(rule, "name", wanted.rule_name);
    set_field(rule, "metadata", metadata);
    set_field(rule, "trunk_ids", Json::array({trunk_id}));
    set_field(rule, "rule", Json::object({{"dispatch_rule_individual", std::move(individual)}}));
    if (config != nullptr || wanted.max_participants != 0) set_field(rule, "room_config", std::move(room));
    return rule;
}

}  // namespace switchhook::livekit_api
