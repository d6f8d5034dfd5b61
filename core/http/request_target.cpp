#include "core/http/request_target.hpp"

#include <array>
#include <cstddef>

namespace switchhook::http {
namespace {

constexpr bool among(std::string_view set, unsigned char c) {
    return set.find(static_cast<char>(c)) != std::string_view::npos;
}

constexpr std::array<std::uint8_t, 256> make_kinds() {
    std::array<std::uint8_t, 256> kinds{};
    for (unsigned i = 0; i < 256; ++i) {
        const auto c = static_cast<unsigned char>(i);
        const bool digit = c >= '0' && c <= '9';
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        const bool visible = c > 0x20 && c < 0x7F;
        unsigned kind = 0;
        if (digit || letter || among("!#$%&'*+-.^_`|~", c)) kind |= kToken;
        if (visible || c == ' ' || c == '\t' || c >= 0x80) kind |= kFieldText;
        if (visible || c == ' ') kind |= kLineText;
        if (digit || letter || among("-._~!$&'()*+,;=:@/%", c)) kind |= kPath;
        if (digit) kind |= kDigit;
        if (digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')) kind |= kHex;
        if (digit || letter || among("-._~!$&'()*+;=%:[]", c)) kind |= kHost;
        kinds[i] = static_cast<std::uint8_t>(kind);
    }
    return kinds;
}

constexpr auto kKinds = make_kinds();

unsigned hex_value(char c) noexcept {
    if (is_kind(c, kDigit)) return static_cast<unsigned>(c - '0');
    return static_cast<unsigned>((c | 0x20) - 'a') + 10;
}

// The byte at `at`, decoded when it is encoded; -1 when "%" is not followed by two hex digits. Moves `at` behind it.
int next_byte(std::string_view text, std::size_t& at) noexcept {
    const char c = text[at++];
    if (c != '%') return static_cast<unsigned char>(c);
    if (text.size() - at < 2 || !is_kind(text[at], kHex) || !is_kind(text[at + 1], kHex)) return -1;
    const unsigned value = hex_value(text[at]) * 16 + hex_value(text[at + 1]);
    at += 2;
    return static_cast<int>(value);
}

bool is_plain_path(std::string_view path) noexcept {
    if (run_of_kind(path, kPath) != path.size()) return false;
    std::size_t dots = 0;    // of the segment so far
    bool only_dots = false;  // the segment so far
    for (std::size_t at = 0; at < path.size();) {
        const bool encoded = path[at] == '%';
        const int byte = next_byte(path, at);
        if (byte < 0x20 || byte == 0x7F || byte == '\\') return false;
        if (byte == '/') {
            if (encoded || (only_dots && dots > 0 && dots <= 2)) return false;
            dots = 0;
            only_dots = true;
        } else if (byte == '.') {
            ++dots;
        } else {
            only_dots = false;
        }
    }
    return !(only_dots && dots > 0 && dots <= 2);
}

bool is_plain_query(std::string_view query) noexcept {
    for (std::size_t at = 0; at < query.size();) {
        if (query[at] == '#') return false;
        if (next_byte(query, at) < 0) return false;
    }
    return true;
}

}  // namespace

bool is_kind(char byte, std::uint8_t kind) noexcept {
    return (kKinds[static_cast<unsigned char>(byte)] & kind) != 0;
}

std::size_t run_of_kind(std::string_view bytes, std::uint8_t kind) noexcept {
    std::size_t size = 0;
    while (size < bytes.size() && (kKinds[static_cast<unsigned char>(bytes[size])] & kind) != 0) ++size;
    return size;
}

bool is_plain_origin_form(std::string_view target) noexcept {
    if (target.empty() || target.front() != '/') return false;
    const std::size_t question = target.find('?');
    if (!is_plain_path(target.substr(0, question))) return false;
    return question == std::string_view::npos || is_plain_query(target.substr(question + 1));
}

bool is_host_value(std::string_view value) noexcept {
    if (value.empty() || run_of_kind(value, kHost) != value.size()) return false;
    std::size_t end_of_host = 0;
    if (value.front() == '[') {
        end_of_host = value.find(']');
        if (end_of_host == std::string_view::npos || end_of_host == 1) return false;
        ++end_of_host;
    } else {
        end_of_host = value.find(':');
        if (end_of_host == 0) return false;
        if (value.substr(0, end_of_host).find_first_of("[]") != std::string_view::npos) return false;
        if (end_of_host == std::string_view::npos) return true;
    }
    const std::string_view port = value.substr(end_of_host);
    return port.empty() || (port.front() == ':' && run_of_kind(port.substr(1), kDigit) == port.size() - 1);
}

}  // namespace switchhook::http
