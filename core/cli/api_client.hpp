// The API of a running server, asked by a person or a script.
#pragma once

#include <string>

#include <switchhook/result.hpp>

#include "core/cli/http_connection.hpp"

namespace switchhook::cli {

// One thread.
class ApiClient final {
public:
    // `token` goes as `Authorization: Bearer`; empty: none.
    ApiClient(ServerUrl url, std::string token) : connection_(std::move(url)), token_(std::move(token)) {}

    // The body of a 2xx answer. Otherwise the API's own text, and: Code::unavailable when the server cannot be reached,
    // or answers 502, 503 or 504; not_found for 404; conflict for what it refuses (other 4xx); internal for the rest.
    Result<std::string> ask(const std::string& method, const std::string& target, const std::string& json = {});
    const ServerUrl& url() const { return connection_.url(); }

private:
    HttpConnection connection_;
    std::string token_;
};

// One segment of a path, or one value of a query, percent-encoded (RFC 3986: all but unreserved characters).
std::string encoded(const std::string& text);

}  // namespace switchhook::cli
