// Why a SIP header yields a host or none, in words: for matchers that explain themselves (HookIndex::explain). Any
// thread, no state; linear in the input.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>

#include <switchhook/event.hpp>
#include <switchhook/matcher.hpp>
#include <switchhook/sip_host.hpp>

namespace switchhook {
inline namespace abi1 {

namespace sip {

// "tel" of "tel:+1555"; empty when what is before the first ':' is no scheme, or what follows looks like a port.
inline std::string_view foreign_scheme(std::string_view text) {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos || colon == 0 || !is_alpha(text.front())) return {};
    const auto scheme = text.substr(0, colon);
    const auto rest = text.substr(colon + 1);
    const bool word = std::ranges::all_of(scheme, [](char c) { return is_alphanum(c) || c == '+' || c == '-'; });
    return word && !rest.empty() && !std::ranges::all_of(rest, is_digit) ? scheme : std::string_view{};
}

// Of "host", "host:port" or "[...]:port".
inline std::string why_no_host_and_port(std::string_view text) {
    const auto bracket = text.starts_with('[') ? text.find(']') : std::string_view::npos;
    const auto end = bracket == std::string_view::npos ? text.find(':') : bracket + 1;
    const auto host = text.substr(0, end);
    if (host.empty()) return "there is no host in it";
    if (!canonical_host(host)) return quoted_value(host) + " is no hostname, IPv4 address or IPv6 reference";
    return quoted_value(text.substr(std::min(end, text.size()))) + " behind the host is no port";
}

// Of an addr-spec (RFC 3261 25.1): what stands between '<' and '>', or the whole value.
inline std::string why_no_address(std::string_view text, bool bracketed) {
    const bool uri = take_scheme(text);
    if (!uri) {
        if (const auto scheme = foreign_scheme(text); !scheme.empty())
            return "its scheme " + quoted_value(scheme) + " is neither sip nor sips";
        if (bracketed) return "no sip: or sips: stands behind its '<'";
    }
    if (std::ranges::count(text, '@') > 1) return "it has more than one '@'";
    const auto user = text.find('@');
    const auto address = text.substr(user == std::string_view::npos || !(uri || bracketed) ? 0 : user + 1);
    const auto rest = address.substr(0, address.find_first_of(bracketed ? ";?" : ";? \t("));
    if (!bracketed && text.find(',') != std::string_view::npos) return "it is a list of several values";
    if (!uri && !rest.starts_with('[') && rest.find('.') == std::string_view::npos)
        return "a word without a dot may be anything, so it is not taken for a host";
    if (!host_and_port(rest)) return why_no_host_and_port(rest);
    return "it could be read in more than one way";
}

}  // namespace sip

// Only for a value of which sip_host() yields none.
inline std::string why_no_host(std::string_view header_value) {
    auto text = header_value;
    if (std::ranges::any_of(text, sip::is_control)) return "it holds control characters";
    if (!sip::skip_blanks(text)) return "a comment in it does not end";
    if (text.empty()) return "it is empty";
    auto address = text;
    if (sip::take_scheme(address)) return sip::why_no_address(text, false);
    address = text;
    if (!sip::skip_display_name(address))
        return address.starts_with(',') ? "it is a list of several values" : "a quote or a comment in it does not end";
    if (address.empty()) return sip::why_no_address(text, false);
    const auto close = address.find('>');
    if (close == std::string_view::npos) return "its '<' is not closed";
    if (!sip::only_parameters(address.substr(close + 1), ";")) return "what follows its '>' is not only parameters";
    return sip::why_no_address(address.substr(1, close - 1), true);
}

// A line for each of `headers` that host_of() looks at, up to the one that decides; each ends with a line end.
inline std::string explain_headers(const Event& event, std::span<const std::string> headers) {
    constexpr std::string_view kPrefix = "sip.h.";
    std::string text;
    for (const auto& header : headers) {
        const auto value = event.attribute(std::string(kPrefix) + header);
        text.append("header ").append(header);
        if (value.empty()) {
            text.append(": not in the event\n");
            continue;
        }
        const auto host = sip_host(value);
        text.append(": ").append(quoted_value(value));
        if (host) return text.append(" names the host ").append(*host).append("\n");
        text.append(" names no host: ").append(why_no_host(value)).append("\n");
    }
    return text;
}

}  // namespace abi1
}  // namespace switchhook
