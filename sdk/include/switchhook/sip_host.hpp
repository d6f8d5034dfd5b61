// The host that a SIP call was made to, read from header values that strangers wrote; and the hosts that a hook may
// have. Any thread, no state. Every function takes linear time in its input and allocates at most its result.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <switchhook/event.hpp>

namespace switchhook {
inline namespace abi1 {

// The host of one header value, as it is compared: lower case, no port, no trailing dot, IPv6 as "[...]" in RFC 5952
// form.
//
//     "Bob <b@evil.example>" <sip:100;npdi=yes:pw@Example.COM.:5060;transport=tcp?a=b>;tag=1   ->  example.com
//
// Reads name-addr and addr-spec of RFC 3261 25.1 with sip: or sips: in any case, and a bare "host" or "host:port" (a
// host with a dot, or an IPv6 reference: a lone word may be anything). None for: tel: and other schemes, a list of
// several values, two '@', hosts that are no hostname, IPv4 address or IPv6 reference (IDN names come as A-labels),
// control characters, and whatever else could be read in two ways.
std::optional<std::string> sip_host(std::string_view header_value);

// A host without port, as sip_host would write it; none when it is no host. "localhost" is one.
std::optional<std::string> canonical_host(std::string_view host);

// The hosts that a hook may have. Only the canonical spelling is accepted: two hooks with different texts are different
// hosts.
bool is_exact_host(std::string_view hook_host);     // "example.com", "192.0.2.1", "[2001:db8::1]"
bool is_wildcard_host(std::string_view hook_host);  // "*.example.com": one or more labels before it; "*": every host

// SIP header names as the functions below want them: in lower case, as in the attributes "sip.h.*".
std::vector<std::string> header_names(std::vector<std::string> names);

// The host that the event's call was made to: of the first of `headers` (lower case, "x-to-ip") that yields one; else
// empty.
std::string host_of(const Event& event, std::span<const std::string> headers);
// The same with the default order: x-to-ip, then to.
std::string host_of(const Event& event);

namespace sip {

constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
constexpr bool is_alpha(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_alphanum(char c) {
    return is_digit(c) || is_alpha(c);
}
constexpr bool is_blank(char c) {
    return c == ' ' || c == '\t';
}
constexpr bool is_control(char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
}
constexpr char to_lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Four decimal numbers up to 255. Leading zeros are refused: some readers take them for octal.
inline std::optional<std::array<std::uint8_t, 4>> parse_ipv4(std::string_view text) {
    std::array<std::uint8_t, 4> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const char* const begin = text.data();
        const auto [end, error] = std::from_chars(begin, begin + text.size(), bytes[i]);
        if (error != std::errc{} || (*begin == '0' && end - begin > 1)) return {};
        text.remove_prefix(static_cast<std::size_t>(end - begin));
        if (i == 3) break;
        if (!text.starts_with('.')) return {};
        text.remove_prefix(1);
    }
    if (!text.empty()) return {};
    return bytes;
}

// RFC 4291 2.2, without zone.
inline std::optional<std::array<std::uint16_t, 8>> parse_ipv6(std::string_view text) {
    std::array<std::uint16_t, 8> groups{};
    std::size_t count = 0;
    std::optional<std::size_t> gap;  // the group before which "::" stands
    if (text.starts_with("::")) {
        gap = 0;
        text.remove_prefix(2);
    }
    while (!text.empty()) {
        if (count == groups.size()) return {};
        if (const auto tail = parse_ipv4(text)) {
            if (count + 2 > groups.size()) return {};
            groups[count++] = static_cast<std::uint16_t>((*tail)[0] << 8 | (*tail)[1]);
            groups[count++] = static_cast<std::uint16_t>((*tail)[2] << 8 | (*tail)[3]);
            break;
        }
        const char* const begin = text.data();
        const auto [end, error] =
            std::from_chars(begin, begin + std::min<std::size_t>(4, text.size()), groups[count], 16);
        if (error != std::errc{}) return {};
        ++count;
        text.remove_prefix(static_cast<std::size_t>(end - begin));
        if (text.empty()) break;
        if (text.size() < 2 || text[0] != ':') return {};
        text.remove_prefix(1);
        if (text[0] != ':') continue;
        if (gap) return {};
        gap = count;
        text.remove_prefix(1);
    }
    if (gap ? count == groups.size() : count != groups.size()) return {};
    if (gap)
        std::rotate(groups.begin() + static_cast<std::ptrdiff_t>(*gap),
                    groups.begin() + static_cast<std::ptrdiff_t>(count), groups.end());
    return groups;
}

// RFC 5952: lower case, no leading zeros, the first longest run of two or more zero groups as "::", IPv4-mapped dotted.
inline std::string write_ipv6(const std::array<std::uint16_t, 8>& groups) {
    std::size_t run = 0;
    std::size_t run_length = 1;
    for (std::size_t i = 0; i < groups.size(); ++i) {
        std::size_t end = i;
        while (end < groups.size() && groups[end] == 0) ++end;
        if (end - i > run_length) {
            run = i;
            run_length = end - i;
        }
    }
    std::string text = "[";
    const auto append = [&text](unsigned value, int base) {
        std::array<char, 8> digits{};
        text.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value, base).ptr);
    };
    const bool mapped = run == 0 && run_length == 5 && groups[5] == 0xffff;
    const std::size_t hexadecimal = mapped ? 6 : groups.size();
    for (std::size_t i = 0; i < hexadecimal; ++i) {
        if (run_length > 1 && i == run) {
            text += i == 0 ? "::" : ":";
            i += run_length - 1;
            continue;
        }
        append(groups[i], 16);
        if (i + 1 < groups.size()) text += ':';
    }
    if (mapped) {
        for (std::size_t i = 0; i < 4; ++i) {
            if (i > 0) text += '.';
            append(i % 2 == 0 ? groups[6 + i / 2] / 256U : groups[6 + i / 2] % 256U, 10);
        }
    }
    return text += ']';
}

// RFC 3261 hostname without its trailing dot; sizes of RFC 1035. The last label begins with a letter, so no IPv4
// address is one.
constexpr bool is_hostname(std::string_view name) {
    if (name.empty() || name.size() > 253) return false;
    std::size_t begin = 0;
    for (std::size_t i = 0; i <= name.size(); ++i) {
        if (i < name.size() && name[i] != '.') {
            if (!is_alphanum(name[i]) && name[i] != '-') return false;
            continue;
        }
        if (i == begin || i - begin > 63 || name[begin] == '-' || name[i - 1] == '-') return false;
        if (i == name.size()) return is_alpha(name[begin]);
        begin = i + 1;
    }
    return false;
}

// Removes a quoted string from the front; false when it does not end.
constexpr bool skip_quoted(std::string_view& text) {
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == '\\') {
            ++i;
        } else if (text[i] == '"') {
            text.remove_prefix(i + 1);
            return true;
        }
    }
    return false;
}

// Removes a comment, which may hold comments, from the front; false when it does not end.
constexpr bool skip_comment(std::string_view& text) {
    std::size_t depth = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\') {
            ++i;
        } else if (text[i] == '(') {
            ++depth;
        } else if (text[i] == ')' && --depth == 0) {
            text.remove_prefix(i + 1);
            return true;
        }
    }
    return false;
}

constexpr bool skip_blanks(std::string_view& text) {
    while (!text.empty() && (is_blank(text.front()) || text.front() == '(')) {
        if (text.front() != '(')
            text.remove_prefix(1);
        else if (!skip_comment(text))
            return false;
    }
    return true;
}

constexpr bool take_scheme(std::string_view& text) {
    for (const std::string_view scheme : {"sip:", "sips:"}) {
        if (!std::ranges::equal(text.substr(0, scheme.size()), scheme, {}, to_lower)) continue;
        text.remove_prefix(scheme.size());
        return true;
    }
    return false;
}

// Whether what follows an address is nothing, or parameters behind one of `marks`; a comma would begin another value.
constexpr bool only_parameters(std::string_view text, std::string_view marks) {
    if (!skip_blanks(text)) return false;
    if (text.empty()) return true;
    if (marks.find(text.front()) == std::string_view::npos) return false;
    while (!text.empty()) {
        switch (text.front()) {
            case '"':
                if (!skip_quoted(text)) return false;
                break;
            case '(':
                if (!skip_comment(text)) return false;
                break;
            case ',':
            case '<':
            case '>':
            case '@':
                return false;
            default:
                text.remove_prefix(1);
        }
    }
    return true;
}

inline std::optional<std::string> host_and_port(std::string_view text) {
    const std::size_t end = text.starts_with('[') ? text.find(']') + 1 : std::min(text.find(':'), text.size());
    auto port = text.substr(end);
    if (!port.empty()) {
        port.remove_prefix(1);
        std::uint16_t number = 0;
        const auto parsed = std::from_chars(port.data(), port.data() + port.size(), number);
        if (text[end] != ':' || parsed.ec != std::errc{} || parsed.ptr != port.data() + port.size()) return {};
    }
    return canonical_host(text.substr(0, end));
}

// addr-spec without brackets, or a bare host. The userinfo may hold ';' and '?' but no '@', so the only '@' ends it.
inline std::optional<std::string> bare_address(std::string_view text) {
    const bool uri = take_scheme(text);
    if (uri) {
        const auto stop = text.find_first_of("@\"<>, \t");
        if (stop != std::string_view::npos && text[stop] == '@') text.remove_prefix(stop + 1);
    }
    const auto end = std::min(text.find_first_of(";? \t("), text.size());
    const auto address = text.substr(0, end);
    if (!uri && !address.starts_with('[') && address.find('.') == std::string_view::npos) return {};
    if (!only_parameters(text.substr(end), uri ? ";?" : ";")) return {};
    return host_and_port(address);
}

// addr-spec inside of "<>".
inline std::optional<std::string> bracketed_address(std::string_view uri) {
    if (!take_scheme(uri) || uri.find_first_of("\"<>\\ \t") != std::string_view::npos) return {};
    if (const auto at = uri.find('@'); at != std::string_view::npos) uri.remove_prefix(at + 1);
    if (uri.find('@') != std::string_view::npos) return {};
    return host_and_port(uri.substr(0, uri.find_first_of(";?")));
}

// Moves to the '<' of a name-addr, or to the end when there is none; false when the text is a list or does not end
// well.
constexpr bool skip_display_name(std::string_view& text) {
    while (!text.empty() && text.front() != '<') {
        switch (text.front()) {
            case '"':
                if (!skip_quoted(text)) return false;
                break;
            case '(':
                if (!skip_comment(text)) return false;
                break;
            case ',':
                return false;
            case ';':
                text = {};
                break;  // parameters: a '<' behind them begins no address
            default:
                text.remove_prefix(1);
        }
    }
    return true;
}

// The first header of each name counts, as LiveKit's attributes are a map.
template <typename Headers>
std::string first_host(const Event& event, const Headers& headers) {
    constexpr std::string_view prefix = "sip.h.";
    for (const auto& header : headers) {
        for (const auto& [key, value] : event.attributes) {
            if (key.size() != prefix.size() + header.size() || !key.starts_with(prefix) || !key.ends_with(header))
                continue;
            if (auto host = sip_host(value)) return *std::move(host);
            break;
        }
    }
    return {};
}

}  // namespace sip

inline std::optional<std::string> canonical_host(std::string_view host) {
    if (host.starts_with('[') && host.ends_with(']')) {
        const auto groups = sip::parse_ipv6(host.substr(1, host.size() - 2));
        if (!groups) return {};
        return sip::write_ipv6(*groups);
    }
    if (host.ends_with('.')) host.remove_suffix(1);
    if (!sip::is_hostname(host) && !sip::parse_ipv4(host)) return {};
    std::string name(host);
    std::ranges::transform(name, name.begin(), sip::to_lower);
    return name;
}

inline std::optional<std::string> sip_host(std::string_view header_value) {
    auto text = header_value;
    if (std::ranges::any_of(text, sip::is_control) || !sip::skip_blanks(text)) return {};
    auto scheme = text;
    if (sip::take_scheme(scheme)) return sip::bare_address(text);
    auto address = text;
    if (!sip::skip_display_name(address)) return {};
    if (address.empty()) return sip::bare_address(text);
    const auto close = address.find('>');
    if (close == std::string_view::npos || !sip::only_parameters(address.substr(close + 1), ";")) return {};
    return sip::bracketed_address(address.substr(1, close - 1));
}

inline bool is_exact_host(std::string_view hook_host) {
    return canonical_host(hook_host) == hook_host;
}

inline bool is_wildcard_host(std::string_view hook_host) {
    if (hook_host == "*") return true;
    if (!hook_host.starts_with("*.")) return false;
    hook_host.remove_prefix(2);
    return sip::is_hostname(hook_host) && std::ranges::equal(hook_host, hook_host, {}, {}, sip::to_lower);
}

inline std::vector<std::string> header_names(std::vector<std::string> names) {
    for (auto& name : names) std::ranges::transform(name, name.begin(), sip::to_lower);
    return names;
}

inline std::string host_of(const Event& event, std::span<const std::string> headers) {
    return sip::first_host(event, headers);
}

inline std::string host_of(const Event& event) {
    return sip::first_host(event, std::array<std::string_view, 2>{"x-to-ip", "to"});
}

}  // namespace abi1
}  // namespace switchhook
