// One connection to a server, kept alive between calls.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <switchhook/result.hpp>

#include "core/cli/server_url.hpp"

namespace switchhook::cli {

struct Answer {
    int status = 0;  // HTTP
    std::string body;
};

using HeaderLines = std::vector<std::pair<std::string, std::string>>;

// One thread. Redirects are not followed: a token goes where it was told to go. https:// is verified against the
// system's authorities (or those of $SSL_CERT_FILE, which OpenSSL reads).
class HttpConnection final {
public:
    explicit HttpConnection(ServerUrl url);
    ~HttpConnection();
    HttpConnection(const HttpConnection&) = delete;
    HttpConnection& operator=(const HttpConnection&) = delete;

    // `target`: "/path?query", encoded. Code::unavailable: no complete answer came; the text says why. At most 10 s
    // until connected and 60 s without a byte; an answer is at most 256 MiB long.
    Result<Answer> call(const std::string& method, const std::string& target, const HeaderLines& headers,
                        const std::string& body);
    const ServerUrl& url() const { return url_; }

private:
    struct Impl;
    Result<Answer> attempt(const std::string& method, const std::string& target, const HeaderLines& headers,
                           const std::string& body);

    ServerUrl url_;
    std::unique_ptr<Impl> impl_;
};

}  // namespace switchhook::cli
