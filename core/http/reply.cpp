#include "core/http/reply.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace switchhook::http {
namespace {

struct Words {
    int status;
    std::string_view reason;
    std::string_view text;
    std::string_view code;
};

constexpr std::array kWords = {
    Words{200, "OK", "", ""},
    Words{201, "Created", "", ""},
    Words{202, "Accepted", "", ""},
    Words{204, "No Content", "", ""},
    Words{304, "Not Modified", "", ""},
    Words{400, "Bad Request", "Malformed request", "BAD_REQUEST"},
    Words{401, "Unauthorized", "Unauthorized", "UNAUTHORIZED"},
    Words{403, "Forbidden", "Forbidden", "FORBIDDEN"},
    Words{404, "Not Found", "Not found", "NOT_FOUND"},
    Words{405, "Method Not Allowed", "Method not allowed", "METHOD_NOT_ALLOWED"},
    Words{408, "Request Timeout", "Request took too long", "REQUEST_TIMEOUT"},
    Words{409, "Conflict", "Conflict", "CONFLICT"},
    Words{411, "Length Required", "Content-Length is required", "LENGTH_REQUIRED"},
    Words{413, "Content Too Large", "Body is too large", "CONTENT_TOO_LARGE"},
    Words{414, "URI Too Long", "Request line is too long", "URI_TOO_LONG"},
    Words{415, "Unsupported Media Type", "Unsupported media type", "UNSUPPORTED_MEDIA_TYPE"},
    Words{417, "Expectation Failed", "Only 100-continue can be expected", "EXPECTATION_FAILED"},
    Words{422, "Unprocessable Content", "Unprocessable content", "UNPROCESSABLE_CONTENT"},
    Words{429, "Too Many Requests", "Too many requests", "TOO_MANY_REQUESTS"},
    Words{431, "Request Header Fields Too Large", "Request headers are too large", "HEADERS_TOO_LARGE"},
    Words{500, "Internal Server Error", "Internal error", "INTERNAL_ERROR"},
    Words{501, "Not Implemented", "Transfer-Encoding is not supported", "NOT_IMPLEMENTED"},
    Words{502, "Bad Gateway", "Bad gateway", "BAD_GATEWAY"},
    Words{503, "Service Unavailable", "Too much work is waiting, try again", "OVERLOADED"},
    Words{504, "Gateway Timeout", "Gateway timeout", "GATEWAY_TIMEOUT"},
    Words{505, "HTTP Version Not Supported", "Only HTTP/1.1 and HTTP/1.0 are spoken here",
          "HTTP_VERSION_NOT_SUPPORTED"},
};

const Words* words_of(int status) noexcept {
    const auto* found = std::find_if(kWords.begin(), kWords.end(), [&](const Words& w) { return w.status == status; });
    return found == kWords.end() ? nullptr : found;
}

constexpr char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

void append_number(std::string& out, std::size_t number) {
    std::array<char, 20> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    out.append(digits.data(), end);
}

void append_value(std::string& out, std::string_view value) {
    for (const char c : value) out.push_back(static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c);
}

}  // namespace

bool same_letters(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() &&
           std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view reason_of(int status) noexcept {
    const Words* words = words_of(status);
    return words != nullptr ? words->reason : "Unknown";
}

Response error_reply(int status) {
    const Words* words = words_of(status);
    if (words == nullptr) return error_reply(status, "Error", "ERROR");
    return error_reply(status, words->text, words->code);
}

// Only texts of ours come here: nothing in them needs JSON escapes.
Response error_reply(int status, std::string_view text, std::string_view code) {
    Response response;
    response.status = status;
    response.content_type = "application/json";
    response.body.append(R"({"error":")").append(text).append(R"(","code":")").append(code).append("\"}");
    if (status == 503) response.headers.emplace_back("Retry-After", "5");
    return response;
}

std::string write_reply(const Response& response, Persistence persistence, bool without_body) {
    const bool bodiless = response.status < 200 || response.status == 204;
    std::string out;
    out.reserve(192 + (without_body ? 0 : response.body.size()));
    out.append("HTTP/1.1 ");
    append_number(out, static_cast<std::size_t>(response.status));
    out.append(" ").append(reason_of(response.status)).append("\r\n");
    for (const auto& [name, value] : response.headers) {
        append_value(out, name);
        out.append(": ");
        append_value(out, value);
        out.append("\r\n");
    }
    if (!response.content_type.empty()) {
        out.append("Content-Type: ");
        append_value(out, response.content_type);
        out.append("\r\n");
    }
    if (!bodiless) {
        out.append("Content-Length: ");
        append_number(out, response.body.size());
        out.append("\r\n");
    }
    if (persistence == Persistence::close) out.append("Connection: close\r\n");
    if (persistence == Persistence::keep_alive) out.append("Connection: keep-alive\r\n");
    out.append("\r\n");
    if (!without_body && !bodiless) out.append(response.body);
    return out;
}

}  // namespace switchhook::http
