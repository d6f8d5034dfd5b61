#include "server_url.hpp"

#include <curl/curl.h>

#include <memory>

namespace switchhook::livekit_api {
namespace {

constexpr std::size_t kMaxBytes = 2048;

struct Scheme {
    std::string_view written;
    std::string_view used;
};
constexpr Scheme kSchemes[] = {{"http", "http"}, {"https", "https"}, {"ws", "http"}, {"wss", "https"}};

Status bad(std::string_view why) {
    return {Code::invalid, "livekit.url " + std::string(why)};
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

// libcurl takes "http:///p" for the host p; it is asked only whether it can read what was checked here.
bool curl_reads(const std::string& url) {
    const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed(curl_url(), &curl_url_cleanup);
    return parsed && curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) == CURLUE_OK;
}

}  // namespace

Result<std::string> read_server_url(std::string_view text) {
    if (text.empty()) return bad("is empty; write it as https://livekit.example.com");
    if (text.size() > kMaxBytes) return bad("is longer than 2048 bytes");
    for (const char c : text)
        if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f || c == '\\')
            return bad("contains a space, a backslash, a control character or one beyond ASCII");
    const auto colon = text.find("://");
    const std::string scheme = lower(text.substr(0, colon == std::string_view::npos ? 0 : colon));
    std::string url;
    for (const auto& known : kSchemes)
        if (scheme == known.written) url = known.used;
    if (url.empty()) return bad("must begin with http://, https://, ws:// or wss://");

    const auto behind = text.substr(colon + 3);
    if (behind.find_first_of("?#") != std::string_view::npos) return bad("must not have a query or a fragment");
    const auto authority = behind.substr(0, behind.find('/'));
    if (authority.empty() || authority.front() == ':') return bad("has no host");
    if (authority.find('@') != std::string_view::npos)
        return bad("must not hold a user or password; the key is livekit.api_key, its secret livekit.api_secret");
    url.append("://").append(behind);
    while (url.ends_with('/')) url.pop_back();
    if (!curl_reads(url)) return bad("cannot be read as a URL");
    return url;
}

}  // namespace switchhook::livekit_api
