#include "core/api/body.hpp"

#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>

#include "core/api/times.hpp"
#include "core/config/values.hpp"

namespace switchhook::api {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kJsonType[] = "application/json";
constexpr int kMaxDepth = 16;
constexpr std::size_t kMaxKeys = 64;  // of one object

// Ours never holds bytes that are not UTF-8, but an error text may quote what was sent.
std::string written(const Json& value) {
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

http::Response answer(int status, const Json& body) {
    return {.status = status, .body = written(body), .content_type = kJsonType, .headers = {}};
}

Json text_or_null(const std::string& text) {
    return text.empty() ? Json(nullptr) : Json(text);
}

Json shown(const Paused& paused) {
    return {{"since", rfc3339(paused.since_ms)}, {"reason", text_or_null(paused.reason)}};
}

std::string_view name_of(delivery::Outcome outcome) {
    switch (outcome) {
        case delivery::Outcome::delivered:
            return "delivered";
        case delivery::Outcome::refused:
            return "refused";
        case delivery::Outcome::retry:
        case delivery::Outcome::stopped:
            break;
    }
    return "retry";
}

std::string lowercase(std::string_view text) {
    std::string lower(text);
    for (char& c : lower)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return lower;
}

// application/json and application/*+json, with any parameters: what the reference takes.
bool is_json(std::string_view content_type) {
    std::string type = lowercase(content_type.substr(0, content_type.find(';')));
    while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.pop_back();
    return type == kJsonType || (type.starts_with("application/") && type.ends_with("+json"));
}

struct Unfit : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Looks at a document before it is built: nlohmann-json compares each key with all others of its object, and its parser
// with a callback each element with all others of its list, so that 2 MiB of hostile JSON would take minutes.
class Shape final : public nlohmann::json_sax<Json> {
public:
    bool null() override { return true; }
    bool boolean(bool) override { return true; }
    bool number_integer(number_integer_t) override { return true; }
    bool number_unsigned(number_unsigned_t) override { return true; }
    bool number_float(number_float_t, const string_t&) override { return true; }
    bool string(string_t&) override { return true; }
    bool binary(binary_t&) override { return true; }
    bool start_object(std::size_t) override {
        open_.emplace_back();
        return enter();
    }
    bool end_object() override {
        open_.pop_back();
        --depth_;
        return true;
    }
    bool start_array(std::size_t) override { return enter(); }
    bool end_array() override {
        --depth_;
        return true;
    }
    bool key(string_t& name) override {
        // A document that says a key twice means different things to different readers: refused, as the configuration
        // does.
        if (!open_.back().insert(name).second) throw std::invalid_argument("the key '" + name + "' stands twice");
        if (open_.back().size() > kMaxKeys) throw std::invalid_argument("an object has too many keys");
        return true;
    }
    // The second reading reports it with its own words.
    bool parse_error(std::size_t, const std::string&, const Json::exception&) override { return false; }

private:
    bool enter() {
        if (depth_++ > kMaxDepth) throw std::invalid_argument("nested too deeply");
        return true;
    }

    std::vector<std::set<std::string, std::less<>>> open_;
    int depth_ = 0;
};

Json parsed(const std::string& text) {
    Shape shape;
    static_cast<void>(Json::sax_parse(text, &shape));
    return Json::parse(text);
}

std::string text_at(const Json& entry, const std::string& place, const char* key) {
    const auto found = entry.find(key);
    if (found == entry.end()) throw Unfit(place + ": missing field `" + key + "`");
    if (!found->is_string()) throw Unfit(place + "." + key + ": expected a string");
    return found->get<std::string>();
}

// The member, unless it is absent or null.
const Json* given(const Json& entry, const char* key) {
    const auto found = entry.find(key);
    return found == entry.end() || found->is_null() ? nullptr : &*found;
}

std::optional<std::string> optional_text(const Json& entry, const std::string& place, const char* key) {
    return given(entry, key) ? std::optional(text_at(entry, place, key)) : std::nullopt;
}

std::optional<std::int64_t> optional_number(const Json& entry, const std::string& place, const char* key) {
    const Json* const number = given(entry, key);
    if (!number) return std::nullopt;
    if (!number->is_number_integer()) throw Unfit(place + "." + key + ": expected a whole number");
    constexpr auto kLargest = std::numeric_limits<std::int64_t>::max();
    if (number->is_number_unsigned() && number->get<std::uint64_t>() > kLargest) return kLargest;
    return number->get<std::int64_t>();
}

std::vector<std::string> events_at(const Json& list, const std::string& place) {
    if (!list.is_array()) throw Unfit(place + ".events: expected a list");
    std::vector<std::string> events;
    for (const auto& event : list) {
        if (!event.is_string()) throw Unfit(place + ".events: expected strings");
        events.push_back(event.get<std::string>());
    }
    return events;
}

SentHook::SentRate rate_at(const Json& rate, const std::string& place) {
    if (!rate.is_object()) throw Unfit(place + ": expected an object");
    const auto per_second = optional_number(rate, place, "per_second");
    if (!per_second) throw Unfit(place + ": missing field `per_second`");
    return {.per_second = *per_second, .burst = optional_number(rate, place, "burst")};
}

std::map<std::string, std::string> ages_at(const Json& ages, const std::string& place) {
    if (!ages.is_object()) throw Unfit(place + ": expected an object");
    std::map<std::string, std::string> durations;
    for (const auto& [event, duration] : ages.items()) {
        if (!duration.is_string()) throw Unfit(std::string(place).append(".").append(event) + ": expected a string");
        durations.emplace(event, duration.get<std::string>());
    }
    return durations;
}

SentHook read_hook(const Json& entry, const std::string& place) {
    SentHook hook{.host = text_at(entry, place, "host"),
                  .url = text_at(entry, place, "url"),
                  .auth_id = optional_text(entry, place, "auth_id"),
                  .dialect = optional_text(entry, place, "dialect"),
                  .events = {},
                  .retry = optional_text(entry, place, "retry"),
                  .concurrency = optional_number(entry, place, "concurrency"),
                  .rate = {},
                  .max_age = {}};
    if (const Json* events = given(entry, "events")) hook.events = events_at(*events, place);
    if (const Json* rate = given(entry, "rate")) hook.rate = rate_at(*rate, place + ".rate");
    if (const Json* ages = given(entry, "max_age")) hook.max_age = ages_at(*ages, place + ".max_age");
    return hook;
}

// The list under `key` of the body; absent is empty, as in the reference.
Json list_at(Json body, const char* key) {
    if (!body.is_object()) throw Unfit("expected an object");
    const auto found = body.find(key);
    if (found == body.end()) return Json::array();
    if (!found->is_array()) throw Unfit(std::string(key) + ": expected a list");
    return std::move(*found);
}

http::Response not_json() {
    return error_response(415, "UNSUPPORTED_MEDIA_TYPE", "Expected request with `Content-Type: application/json`");
}

http::Response invalid_json(const std::exception& failure) {
    return error_response(400, "INVALID_JSON",
                          std::string("Failed to parse the request body as JSON: ") + failure.what());
}

template <typename T, typename Read>
std::variant<std::vector<T>, http::Response> read(const http::Request& request, const char* key, Read read_one) {
    if (!is_json(request.header("Content-Type"))) return not_json();
    try {
        const Json list = list_at(parsed(request.body), key);
        std::vector<T> values;
        for (const auto& entry : list)
            values.push_back(read_one(entry, std::string(key) + "[" + std::to_string(values.size()) + "]"));
        return values;
    } catch (const Unfit& unfit) {
        return error_response(422, "INVALID_BODY",
                              std::string("Failed to deserialize the JSON body into the target type: ") + unfit.what());
    } catch (const std::exception& failure) {
        return invalid_json(failure);
    }
}

}  // namespace

http::Response json_response(int status, std::initializer_list<std::pair<std::string_view, std::string_view>> members) {
    Json body = Json::object();
    for (const auto& [key, value] : members) body[std::string(key)] = value;
    return answer(status, body);
}

http::Response error_response(int status, std::string_view code, std::string_view text) {
    return json_response(status, {{"error", text}, {"code", code}});
}

http::Response hooks_response(const std::vector<const Hook*>& hooks, const StateOf& state_of) {
    Json list = Json::array();
    for (const Hook* hook : hooks) {
        Json& entry = list.emplace_back(Json{{"host", hook->host}, {"url", hook->url}, {"auth_id", hook->auth_id}});
        if (!hook->dialect.empty()) entry["dialect"] = hook->dialect;
        if (!hook->events.empty()) entry["events"] = hook->events;
        if (!hook->retry.empty()) entry["retry"] = hook->retry;
        if (hook->concurrency != 0) entry["concurrency"] = hook->concurrency;
        if (hook->rate) entry["rate"] = {{"per_second", hook->rate->per_second}, {"burst", hook->rate->burst}};
        for (const auto& [event, age] : hook->max_age) entry["max_age"][event] = config::duration_text(age);
        const auto state = state_of ? state_of(hook->id) : std::nullopt;
        if (!state) continue;
        if (state->paused) entry["paused"] = shown(*state->paused);
        if (state->breaker != delivery::Breaker::State::closed)
            entry["breaker"] = state->breaker == delivery::Breaker::State::open ? "open" : "half_open";
    }
    return answer(200, {{"hooks", std::move(list)}});
}

http::Response paused_response(const std::string& host, const Paused& paused) {
    Json body{{"host", host}, {"state", "paused"}};
    body.update(shown(paused));
    return answer(200, body);
}

http::Response tested_response(delivery::Outcome outcome, const AttemptResult& result) {
    return answer(200, {{"outcome", name_of(outcome)},
                        {"code", result.code},
                        {"status", result.status == 0 ? Json(nullptr) : Json(result.status)},
                        {"took_ms", static_cast<double>(result.took.count()) / 1000},
                        {"address", text_or_null(result.address)},
                        {"answer", result.answer}});
}

std::string test_event(const std::string& id, const std::string& room, std::int64_t unix_seconds) {
    // A 64-bit number is text in LiveKit's JSON.
    return written({{"event", "switchhook_test"},
                    {"id", id},
                    {"createdAt", std::to_string(unix_seconds)},
                    {"room", {{"name", room}}}});
}

http::Response readiness_response(const std::vector<std::string>& reasons, const std::vector<std::string>& warnings) {
    return answer(reasons.empty() ? 200 : 503,
                  {{"ready", reasons.empty()}, {"reasons", reasons}, {"warnings", warnings}});
}

std::variant<std::vector<SentHook>, http::Response> read_hooks(const http::Request& request) {
    return read<SentHook>(request, "hooks", [](const Json& entry, const std::string& place) {
        if (!entry.is_object()) throw Unfit(place + ": expected an object");
        return read_hook(entry, place);
    });
}

std::variant<std::vector<std::string>, http::Response> read_hosts(const http::Request& request) {
    return read<std::string>(request, "hosts", [](const Json& entry, const std::string& place) {
        if (!entry.is_string()) throw Unfit(place + ": expected a string");
        return entry.get<std::string>();
    });
}

std::variant<std::vector<std::pair<std::string, std::string>>, http::Response> read_texts(
    const http::Request& request) {
    if (!is_json(request.header("Content-Type"))) return not_json();
    try {
        const Json body = parsed(request.body);
        std::vector<std::pair<std::string, std::string>> texts;
        if (!body.is_object()) return error_response(400, "INVALID_JSON", "expected an object");
        for (const auto& [key, value] : body.items()) {
            if (!value.is_string()) return error_response(400, "INVALID_PARAMETER", key + ": expected a string");
            texts.emplace_back(key, value.get<std::string>());
        }
        return texts;
    } catch (const std::exception& failure) {
        return invalid_json(failure);
    }
}

}  // namespace switchhook::api
