// Answers and bodies in JSON, for the files of this folder; the JSON library stays behind it.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <switchhook/forwarder.hpp>
#include <switchhook/hook.hpp>

#include "core/delivery/lane_states.hpp"
#include "core/delivery/outcomes.hpp"
#include "core/http/front.hpp"

namespace switchhook::api {

http::Response json_response(int status, std::initializer_list<std::pair<std::string_view, std::string_view>> members);
// {"error": text, "code": code}: stable codes in capitals for programs, the text for people.
http::Response error_response(int status, std::string_view code, std::string_view text);
// What the engine knows of a hook; nothing: it is idle and well.
using StateOf = std::function<std::optional<delivery::LaneState>(HookId hook)>;
// {"hooks":[{"host","url","auth_id"}]}, in the order given; of dialect, events, retry, concurrency, rate and max_age
// what the hook has; "paused" and "breaker" only while it is.
http::Response hooks_response(const std::vector<const Hook*>& hooks, const StateOf& state_of = nullptr);
// {"host","state":"paused","since","reason"}; no reason is null.
http::Response paused_response(const std::string& host, const Paused& paused);
// {"outcome","code","status","took_ms","address","answer"}, as an attempt has them in the log of deliveries.
http::Response tested_response(delivery::Outcome outcome, const AttemptResult& result);
// A webhook as LiveKit would send it, of an event called `switchhook_test`.
std::string test_event(const std::string& id, const std::string& room, std::int64_t unix_seconds);
// {"ready":bool,"reasons":[..],"warnings":[..]}
http::Response readiness_response(const std::vector<std::string>& reasons, const std::vector<std::string>& warnings);

// An entry of POST /sip/hooks as it was sent; what is absent or null is absent. Numbers are unchecked.
struct SentHook {
    std::string host;
    std::string url;
    std::optional<std::string> auth_id;
    std::optional<std::string> dialect;
    std::optional<std::vector<std::string>> events;
    std::optional<std::string> retry;
    std::optional<std::int64_t> concurrency;
    struct SentRate {
        std::int64_t per_second = 0;
        std::optional<std::int64_t> burst;
    };
    std::optional<SentRate> rate;
    std::map<std::string, std::string> max_age;  // durations as they were written
};

// The bodies of POST and DELETE, or the error to answer: 415 for another content type, 400 for what is not JSON (or
// says a key twice), 422 for a missing key or a wrong type. Unknown keys are ignored, as in the reference.
std::variant<std::vector<SentHook>, http::Response> read_hooks(const http::Request& request);
std::variant<std::vector<std::string>, http::Response> read_hosts(const http::Request& request);

// A body that is an object of texts, as a list of keys and values; the same errors, and 400 INVALID_PARAMETER for a
// value of another type.
std::variant<std::vector<std::pair<std::string, std::string>>, http::Response> read_texts(const http::Request& request);

}  // namespace switchhook::api
