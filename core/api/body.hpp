// Answers and bodies in JSON, for the files of this folder; the JSON library stays behind it.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <switchhook/hook.hpp>

#include "core/http/front.hpp"

namespace switchhook::api {

http::Response json_response(int status, std::initializer_list<std::pair<std::string_view, std::string_view>> members);
// {"error": text, "code": code}: stable codes in capitals for programs, the text for people.
http::Response error_response(int status, std::string_view code, std::string_view text);
// {"hooks":[{"host","url","auth_id"}]}, in the order given; of dialect, events, retry, concurrency, rate and max_age
// what the hook has.
http::Response hooks_response(const std::vector<const Hook*>& hooks);
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

}  // namespace switchhook::api
