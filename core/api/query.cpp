#include "core/api/query.hpp"

#include <Poco/Exception.h>
#include <Poco/URI.h>

#include <algorithm>

namespace switchhook::api {
namespace {

// The form encoding: "+" is a blank, as client libraries write it. Poco's own plusAsSpace only works behind a "?".
std::string decoded(std::string_view text) {
    std::string encoded(text);
    std::ranges::replace(encoded, '+', ' ');
    std::string plain;
    try {
        Poco::URI::decode(encoded, plain);
    } catch (const Poco::Exception&) {
        plain.clear();
    }
    return plain;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> query_parameters(std::string_view query) {
    std::vector<std::pair<std::string, std::string>> parameters;
    while (!query.empty()) {
        const auto end = query.find('&');
        const auto pair = query.substr(0, end);
        query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
        const auto equals = pair.find('=');
        if (equals == std::string_view::npos) continue;
        parameters.emplace_back(decoded(pair.substr(0, equals)), decoded(pair.substr(equals + 1)));
    }
    return parameters;
}

}  // namespace switchhook::api
