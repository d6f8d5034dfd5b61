// Where a running server is.
#pragma once

#include <cstdint>
#include <string>

#include <switchhook/result.hpp>

namespace switchhook::cli {

struct ServerUrl {
    bool tls = false;
    std::string host;  // IPv6 without brackets
    std::uint16_t port = 0;
    std::string path;  // before every path of the API; empty, or "/..." without a slash at its end

    // As it is shown: "http://127.0.0.1:3001".
    std::string text() const;

    friend bool operator==(const ServerUrl&, const ServerUrl&) = default;
};

// "http://host:port/path", or https. Code::invalid: anything else; a user, a query and a fragment too, because a secret
// on the command line can be seen by every user of the machine.
Result<ServerUrl> server_url(const std::string& text);

}  // namespace switchhook::cli
