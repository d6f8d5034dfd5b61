#include "core/cli/server_url.hpp"

#include <Poco/Exception.h>
#include <Poco/URI.h>

#include <algorithm>

namespace switchhook::cli {

std::string ServerUrl::text() const {
    const bool ipv6 = host.find(':') != std::string::npos;
    return (tls ? "https://" : "http://") + (ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port) + path;
}

Result<ServerUrl> server_url(const std::string& text) {
    const auto wrong = [](const std::string& why) {
        return Status(Code::invalid, "the URL of the server " + why + "; write it like http://127.0.0.1:3001");
    };
    // Poco takes what is no URL for one.
    if (std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; }))
        return wrong("holds a blank or a control character");
    try {
        const Poco::URI uri(text);
        if (uri.getScheme() != "http" && uri.getScheme() != "https")
            return wrong("begins with neither http:// nor https://");
        if (!uri.getUserInfo().empty()) return wrong("names a user: the token belongs into $SWITCHHOOK_TOKEN");
        if (uri.getHost().empty()) return wrong("has no host");
        if (uri.getPort() == 0) return wrong("has no port that can be reached");
        if (!uri.getRawQuery().empty() || !uri.getFragment().empty()) return wrong("has a query or a fragment");
        ServerUrl url{
            .tls = uri.getScheme() == "https", .host = uri.getHost(), .port = uri.getPort(), .path = uri.getPath()};
        while (url.path.ends_with('/')) url.path.pop_back();
        return url;
    } catch (const Poco::Exception&) {
        return wrong("cannot be read");
    }
}

}  // namespace switchhook::cli
