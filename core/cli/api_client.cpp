#include "core/cli/api_client.hpp"

#include <string_view>

#include "core/cli/json_text.hpp"
#include "core/cli/text_table.hpp"

namespace switchhook::cli {
namespace {

constexpr std::size_t kShownBytes = 500;

// {"error": text, "code": CODE}, or of authentication {"error": code, "message": text}; whatever a proxy wrote
// otherwise.
std::string error_text(const Answer& answer) {
    const auto body = read_json(answer.body);
    for (const char* key : {"message", "error"})
        if (body && body->is_object() && body->contains(key) && (*body)[key].is_string())
            return (*body)[key].get<std::string>();
    const std::string said = plain(std::string_view(answer.body).substr(0, kShownBytes));
    return "the server answered " + std::to_string(answer.status) + (said.empty() ? "" : ": " + said);
}

Code code_of(int status) {
    if (status == 502 || status == 503 || status == 504) return Code::unavailable;
    if (status == 404) return Code::not_found;
    return status >= 400 && status < 500 ? Code::conflict : Code::internal;
}

}  // namespace

Result<std::string> ApiClient::ask(const std::string& method, const std::string& target, const std::string& json) {
    HeaderLines headers{{"Accept", "application/json"}};
    if (!token_.empty()) headers.emplace_back("Authorization", "Bearer " + token_);
    if (!json.empty()) headers.emplace_back("Content-Type", "application/json");
    auto answer = connection_.call(method, target, headers, json);
    if (!answer) return answer.status();
    if (answer->status < 200 || answer->status > 299) return Status(code_of(answer->status), error_text(*answer));
    return std::move(answer->body);
}

std::string encoded(const std::string& text) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    constexpr std::string_view kUnreserved = "-._~";
    std::string made;
    for (const char c : text) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (letter || kUnreserved.find(c) != std::string_view::npos) {
            made.push_back(c);
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        made.append({'%', kDigits[byte >> 4U], kDigits[byte & 0xFU]});
    }
    return made;
}

}  // namespace switchhook::cli
