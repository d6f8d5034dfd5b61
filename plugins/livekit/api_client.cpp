#include "api_client.hpp"

#include <algorithm>
#include <fstream>
#include <utility>

namespace switchhook::livekit_api {

ApiClient::ApiClient(ApiOptions options, const Clock& clock)
    : options_(std::move(options)),
      clock_(clock),
      connections_({.ca_file = options_.ca_file, .user_agent = options_.user_agent, .answer_bytes = kMaxAnswerBytes}) {}

Status ApiClient::check() const {
    if (options_.ca_file.empty()) return {};
    std::ifstream file(options_.ca_file);
    char first = 0;
    if (!file.get(first)) return {Code::invalid, "ca_file '" + options_.ca_file + "' cannot be read or is empty"};
    return {};
}

Reply ApiClient::call(const Call& call, const Json& request, std::chrono::milliseconds time_left) {
    CallName name{.server = options_.url, .method = call.method, .token = {}, .secret = options_.api_secret};
    const auto deadline = std::min(options_.timeout, time_left);
    if (deadline.count() <= 0)
        return failure_of(name, {.trouble = Trouble::network, .detail = "no time was left to ask"});
    const auto body = write_json(request);
    if (!body) return Failure{FailureKind::refused, body.status()};

    std::string token;
    try {
        token = make_access_token(hmac_, options_.api_key, options_.api_secret, clock_.unix_ms() / 1000, call.grant,
                                  call.room);
    } catch (const Json::exception&) {
        return Failure{FailureKind::refused, Status(Code::invalid, "livekit.api_key or a room's name is not UTF-8")};
    }
    name.token = token;
    // LiveKit gives up before we do: a call that ended here is then not carried out later, behind our back.
    const auto server_side = std::max<std::int64_t>(1, deadline.count() * 9 / 10);
    HttpRequest http{
        .url = options_.url + "/twirp/" + std::string(call.service) + "/" + std::string(call.method),
        .headers = {"Authorization: Bearer " + token, "Content-Type: application/json", "Accept: application/json",
                    "X-Twirp-Timeout-Ms: " + std::to_string(server_side), "Expect:"},
        .body = *body,
        .own_connection = call.method.starts_with("Create")};
    HttpAnswer answer = connections_.post(http, deadline);
    if (answer.trouble != Trouble::none || answer.status != 200) return failure_of(name, answer);
    auto object = read_object(answer.body);
    if (!object) return strange_answer(name, object.status().message());
    return Reply(std::move(*object));
}

}  // namespace switchhook::livekit_api
