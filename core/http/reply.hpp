// How an answer is written, and the answers that the front gives by itself.
#pragma once

#include <string>
#include <string_view>

#include "core/http/front.hpp"

namespace switchhook::http {

// Equal when the case of ASCII letters does not count.
bool same_letters(std::string_view a, std::string_view b) noexcept;

// The reason phrase of a status; "Unknown" for one that we never send.
std::string_view reason_of(int status) noexcept;

// {"error": text, "code": CODE} with the status' own words; 503 carries Retry-After: 5, inside LiveKit's patience of 30
// s.
Response error_reply(int status);
Response error_reply(int status, std::string_view text, std::string_view code);

// What stands in the Connection header of an answer. The default of HTTP/1.1 is said by silence.
enum class Persistence { silent = 1, keep_alive, close };

// The bytes of an answer. Content-Length always, except for 1xx and 204, which must not have one (RFC 9110 8.6).
// `without_body`: the answer to HEAD. Control characters in header values become spaces, so that no value ends its
// line.
std::string write_reply(const Response& response, Persistence persistence, bool without_body);

}  // namespace switchhook::http
