// The rules for what stands between method and version of a request line, and for the value of Host.
#pragma once

#include <cstdint>
#include <string_view>

namespace switchhook::http {

// Kinds of bytes, as a set of bits (RFC 9110 5.6.2 token, 5.5 field value; RFC 3986 pchar).
constexpr std::uint8_t kToken = 1;
constexpr std::uint8_t kFieldText = 2;  // what a header value may hold: HTAB, SP, visible ASCII, bytes above 0x7F
constexpr std::uint8_t kLineText = 4;   // SP and visible ASCII
constexpr std::uint8_t kPath = 8;       // pchar, "/" and "%"
constexpr std::uint8_t kDigit = 16;
constexpr std::uint8_t kHex = 32;
constexpr std::uint8_t kHost = 64;  // what Host may hold: registered name, address in brackets, port

bool is_kind(char byte, std::uint8_t kind) noexcept;
// How many bytes at the begin of `bytes` are of that kind.
std::size_t run_of_kind(std::string_view bytes, std::uint8_t kind) noexcept;

// True for an origin-form target (RFC 9112 3.2.1) whose path means one thing to every reader: no dot segment, raw or
// encoded, no encoded slash, backslash or control character, every "%" followed by two hex digits, no fragment.
bool is_plain_origin_form(std::string_view target) noexcept;

// True for host or host:port with a non-empty host.
bool is_host_value(std::string_view value) noexcept;

}  // namespace switchhook::http
