#include "fake_livekit.hpp"

#include <algorithm>
#include <utility>

namespace switchhook::tests {
namespace {

const char* const kSip = "/twirp/livekit.SIP/";
const char* const kRooms = "/twirp/livekit.RoomService/";

std::string base64url_decode(const std::string& text) {
    std::string out;
    unsigned bits = 0;
    int count = 0;
    for (const char c : text) {
        const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        bits = bits << 6 | static_cast<unsigned>(alphabet.find(c));
        count += 6;
        if (count >= 8) out.push_back(static_cast<char>(bits >> (count -= 8) & 0xff));
    }
    return out;
}

Json claims_of(const PlainRequest& request) {
    const auto token = request.header("Authorization");
    const auto first = token.find('.');
    const auto second = token.find('.', first + 1);
    if (!token.starts_with("Bearer ") || second == std::string::npos) return nullptr;
    return Json::parse(base64url_decode(token.substr(first + 1, second - first - 1)), nullptr, false);
}

// What LiveKit fills in: every field, also the empty ones.
Json whole_trunk(const Json& given) {
    Json trunk = Json::parse(R"({"sip_trunk_id":"", "name":"", "metadata":"", "numbers":[], "allowed_addresses":[],
        "allowed_numbers":[], "auth_username":"", "auth_password":"", "auth_realm":"", "headers":{},
        "headers_to_attributes":{}, "attributes_to_headers":{}, "include_headers":"SIP_NO_HEADERS", "ringing_timeout":null,
        "max_call_duration":null, "krisp_enabled":false, "media_encryption":"SIP_MEDIA_ENCRYPT_DISABLE", "media":null,
        "created_at":null, "updated_at":null})");
    for (const auto& [key, value] : given.items())
        if (trunk.contains(key)) trunk[key] = value;
    return trunk;
}

Json whole_rule(const Json& given) {
    Json rule = Json::parse(R"({"sip_dispatch_rule_id":"", "rule":null, "trunk_ids":[], "hide_phone_number":false,
        "inbound_numbers":[], "numbers":[], "name":"", "metadata":"", "attributes":{}, "room_preset":"", "room_config":null,
        "media":null, "krisp_enabled":false, "media_encryption":"SIP_MEDIA_ENCRYPT_DISABLE", "created_at":null,
        "updated_at":null})");
    for (const auto& [key, value] : given.items())
        if (rule.contains(key)) rule[key] = value;
    return rule;
}

Json camel(const Json& value) {
    if (value.is_array()) {
        Json out = Json::array();
        for (const auto& item : value) out.push_back(camel(item));
        return out;
    }
    if (!value.is_object()) return value;
    Json out = Json::object();
    for (const auto& [key, item] : value.items()) {
        std::string name;
        bool up = false;
        for (const char c : key) {
            if (c != '_') name.push_back(up ? static_cast<char>(c - 'a' + 'A') : c);
            up = c == '_';
        }
        out[name] = camel(item);
    }
    return out;
}

std::string pin_of(const Json& rule) {
    if (!rule["rule"].is_object()) return "";
    for (const auto& [kind, content] : rule["rule"].items())
        if (content.is_object()) return content.value("pin", "");
    return "";
}

bool share(const Json& a, const Json& b) {
    if (a.empty() || b.empty()) return a.empty() && b.empty();
    return std::ranges::any_of(a, [&](const Json& item) { return std::ranges::find(b, item) != b.end(); });
}

}  // namespace

PlainAnswer twirp_error(int status, const std::string& code, const std::string& message) {
    return answer_of(status, Json{{"code", code}, {"msg", message}}.dump());
}

FakeLiveKit::FakeLiveKit(unsigned seed)
    : random_(seed), server_([this](const PlainRequest& request) { return handle(request); }) {}

std::string FakeLiveKit::new_id(const std::string& prefix) {
    const std::string alphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    std::string id = prefix;
    for (int i = 0; i < 12; ++i) id.push_back(alphabet[random_() % alphabet.size()]);
    return id;
}

void FakeLiveKit::pass(const Seen& seen, Point point) {
    at_point(seen, point);
}

PlainAnswer FakeLiveKit::handle(const PlainRequest& request) {
    Seen seen{.method = request.target.substr(request.target.rfind('/') + 1),
              .request = Json::parse(request.body, nullptr, false),
              .claims = claims_of(request),
              .http = request};
    {
        const std::lock_guard lock(mutex_);
        seen_.push_back(seen);
    }
    if (auto answer = instead(seen)) return *answer;
    pass(seen, Point::arrived);
    auto answer = carry_out(seen);
    pass(seen, Point::stored);
    if (auto other = afterwards(seen)) return *other;
    return answer;
}

PlainAnswer FakeLiveKit::carry_out(const Seen& seen) {
    if (seen.request.is_discarded()) return twirp_error(400, "malformed", "the json request could not be decoded");
    const bool sip = seen.http.target.starts_with(kSip);
    const Json none = Json::object();
    const Json& sip_grant = seen.claims.contains("sip") ? seen.claims["sip"] : none;
    const Json& video = seen.claims.contains("video") ? seen.claims["video"] : none;
    const auto denied = twirp_error(401, "unauthenticated", "permissions denied");
    if (sip && !sip_grant.value("admin", false)) return denied;
    if (seen.method == "ListSIPInboundTrunk") return list(seen, trunks());
    if (seen.method == "ListSIPDispatchRule") return list(seen, rules());
    if (seen.method == "CreateSIPInboundTrunk" || seen.method == "UpdateSIPInboundTrunk")
        return create_or_replace(seen, true);
    if (seen.method == "CreateSIPDispatchRule" || seen.method == "UpdateSIPDispatchRule")
        return create_or_replace(seen, false);
    if (seen.method == "DeleteSIPTrunk") return remove(seen, true);
    if (seen.method == "DeleteSIPDispatchRule") return remove(seen, false);
    if (seen.http.target == std::string(kRooms) + "ListRooms")
        return video.value("roomList", false) ? rooms(seen) : denied;
    if (seen.http.target == std::string(kRooms) + "UpdateRoomMetadata")
        return video.value("roomAdmin", false) && video.value("room", "") == seen.request.value("room", "")
                   ? update_room(seen)
                   : denied;
    return twirp_error(404, "bad_route", "no handler for path \"" + seen.http.target + "\"");
}

PlainAnswer FakeLiveKit::list(const Seen& seen, const std::map<std::string, Json>& objects) {
    const Json page = seen.request.value("page", Json::object());
    const auto after = page.value("after_id", "");
    Json items = Json::array();
    for (const auto& [id, object] : objects)
        if (id > after && (page_cap == 0 || items.size() < page_cap)) items.push_back(object);
    const Json answer{{"items", std::move(items)}};
    return answer_of(200, (camel_case ? camel(answer) : answer).dump());
}

// What LiveKit's check says of the stored ones together with this one; empty: nothing. The check of an update looks
// only at rules that name one of its trunks.
std::string FakeLiveKit::fault(bool trunk, const std::string& id, const Json& object, bool all_rules) const {
    auto all = trunk ? trunks_ : rules_;
    all[id] = object;
    for (auto a = all.begin(); a != all.end(); ++a)
        for (auto b = std::next(a); b != all.end(); ++b) {
            const Json& x = a->second;
            const Json& y = b->second;
            if (trunk) {
                if (share(x["numbers"], y["numbers"]) && share(x["allowed_numbers"], y["allowed_numbers"]))
                    return "Conflicting inbound SIP Trunks: \"" + a->first + "\" and \"" + b->first +
                           "\", using the same number(s) <any> without AllowedNumbers set";
                continue;
            }
            const auto looked_at = [&](const Json& rule) {
                return all_rules || rule["trunk_ids"].empty() || share(rule["trunk_ids"], object["trunk_ids"]);
            };
            if (looked_at(x) && looked_at(y) && pin_of(x) == pin_of(y) && share(x["trunk_ids"], y["trunk_ids"]) &&
                share(x["numbers"], y["numbers"]) && share(x["inbound_numbers"], y["inbound_numbers"]))
                return "Dispatch rule for the same trunk, inbound number, number, and PIN combination already exists "
                       "in "
                       "dispatch rule \"" +
                       a->first + "\" \"" + x["name"].get<std::string>() + "\"";
        }
    return {};
}

PlainAnswer FakeLiveKit::create_or_replace(const Seen& seen, bool trunk) {
    const char* const id_field = trunk ? "sip_trunk_id" : "sip_dispatch_rule_id";
    const bool creating = seen.method.starts_with("Create");
    const char* const place = creating ? (trunk ? "trunk" : "dispatch_rule") : "replace";
    if (!seen.request.contains(place)) return twirp_error(400, "invalid_argument", "missing or unsupported action");
    Json object = trunk ? whole_trunk(seen.request[place]) : whole_rule(seen.request[place]);
    alter(seen.method, object);
    std::string id;
    {
        const std::lock_guard lock(mutex_);
        auto& all = trunk ? trunks_ : rules_;
        id = creating ? "<new>" : seen.request.value(id_field, "");
        if (!creating && !all.contains(id))
            return twirp_error(
                404, "not_found",
                trunk ? "requested sip trunk does not exist" : "requested sip dispatch rule does not exist");
        if (trunk && object["numbers"].empty() && object["allowed_addresses"].empty())
            return twirp_error(400, "invalid_argument", "for security, one of the fields must be set: ...");
        if (!trunk && !object["rule"].is_object()) return twirp_error(400, "invalid_argument", "missing rule");
        if (const auto text = fault(trunk, id, object, creating); !text.empty())
            return twirp_error(400, "invalid_argument", text);
        if (creating) id = new_id(trunk ? "ST_" : "SDR_");
    }
    pass(seen, Point::checked);
    object[id_field] = id;
    const std::lock_guard lock(mutex_);
    (trunk ? trunks_ : rules_)[id] = object;
    return answer_of(200, (camel_case ? camel(object) : object).dump());
}

PlainAnswer FakeLiveKit::remove(const Seen& seen, bool trunk) {
    const auto id = seen.request.value(trunk ? "sip_trunk_id" : "sip_dispatch_rule_id", "");
    const std::lock_guard lock(mutex_);
    if (trunk) {  // an unknown one is well too
        trunks_.erase(id);
        return answer_of(200, Json{{"sip_trunk_id", id}, {"kind", "TRUNK_LEGACY"}}.dump());
    }
    const auto found = rules_.find(id);
    if (found == rules_.end()) return twirp_error(404, "not_found", "requested sip dispatch rule does not exist");
    const auto body = found->second.dump();
    rules_.erase(found);
    return answer_of(200, body);
}

PlainAnswer FakeLiveKit::rooms(const Seen& seen) {
    const std::lock_guard lock(mutex_);
    Json found = Json::array();
    for (const auto& name : seen.request["names"])
        if (const auto room = rooms_.find(name.get<std::string>()); room != rooms_.end()) found.push_back(room->second);
    return answer_of(200, Json{{"rooms", found}}.dump());
}

PlainAnswer FakeLiveKit::update_room(const Seen& seen) {
    const std::lock_guard lock(mutex_);
    const auto room = rooms_.find(seen.request.value("room", ""));
    if (room == rooms_.end())
        return twirp_error(404, "not_found", "twirp error unknown: requested room does not exist");
    room->second["metadata"] = seen.request["metadata"];
    return answer_of(200, room->second.dump());
}

std::string FakeLiveKit::put_trunk(Json trunk) {
    const std::lock_guard lock(mutex_);
    Json whole = whole_trunk(trunk);
    if (whole["sip_trunk_id"] == "") whole["sip_trunk_id"] = new_id("ST_");
    const auto id = whole["sip_trunk_id"].get<std::string>();
    trunks_[id] = std::move(whole);
    return id;
}

std::string FakeLiveKit::put_rule(Json rule) {
    const std::lock_guard lock(mutex_);
    Json whole = whole_rule(rule);
    if (whole["sip_dispatch_rule_id"] == "") whole["sip_dispatch_rule_id"] = new_id("SDR_");
    const auto id = whole["sip_dispatch_rule_id"].get<std::string>();
    rules_[id] = std::move(whole);
    return id;
}

void FakeLiveKit::put_room(const std::string& name, const std::string& sid, const std::string& metadata) {
    const std::lock_guard lock(mutex_);
    rooms_[name] = {{"sid", sid}, {"name", name}, {"metadata", metadata}, {"turn_password", "turn"}};
}

void FakeLiveKit::set_metadata(const std::string& room, const std::string& metadata) {
    const std::lock_guard lock(mutex_);
    rooms_.at(room)["metadata"] = metadata;
}

std::map<std::string, Json> FakeLiveKit::trunks() const {
    const std::lock_guard lock(mutex_);
    return trunks_;
}

std::map<std::string, Json> FakeLiveKit::rules() const {
    const std::lock_guard lock(mutex_);
    return rules_;
}

std::string FakeLiveKit::metadata(const std::string& room) const {
    const std::lock_guard lock(mutex_);
    return rooms_.at(room)["metadata"].get<std::string>();
}

std::vector<std::string> FakeLiveKit::calls() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> methods;
    for (const auto& each : seen_) methods.push_back(each.method);
    return methods;
}

int FakeLiveKit::count(const std::string& method) const {
    const auto methods = calls();
    return static_cast<int>(std::ranges::count(methods, method));
}

std::vector<FakeLiveKit::Seen> FakeLiveKit::seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
}

void FakeLiveKit::forget_calls() {
    const std::lock_guard lock(mutex_);
    seen_.clear();
}

}  // namespace switchhook::tests
