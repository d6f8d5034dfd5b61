#include "target.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <memory>

namespace switchhook::https {
namespace {

constexpr std::string_view kScheme = "https://";

Status bad(std::string text) {
    return {Code::invalid, "SIP hook URL " + std::move(text)};
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool digit(char c) {
    return c >= '0' && c <= '9';
}

bool starts_with_scheme(std::string_view url) {
    return url.size() >= kScheme.size() &&
           std::equal(kScheme.begin(), kScheme.end(), url.begin(), [](char a, char b) { return a == lower(b); });
}

bool is_name(std::string_view host) {
    if (host.empty() || host.size() > 253) return false;
    std::size_t begin = 0;
    while (begin <= host.size()) {
        const auto end = std::min(host.find('.', begin), host.size());
        const auto label = host.substr(begin, end - begin);
        if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
        for (const char c : label)
            if (!digit(c) && !(c >= 'a' && c <= 'z') && c != '-' && c != '_') return false;
        begin = end + 1;
    }
    return true;
}

// The WHATWG rule: a host whose last label is a number is an IPv4 address in some form (127.1, 0177.0.0.1, 0x7f000001),
// and whoever connects decides which. Only the plain form has one meaning, so that the others are refused.
bool looks_like_v4(std::string_view host) {
    const auto dot = host.rfind('.');
    const auto last = dot == std::string_view::npos ? host : host.substr(dot + 1);
    if (std::all_of(last.begin(), last.end(), digit)) return true;
    if (last.size() < 2 || last[0] != '0' || last[1] != 'x') return false;
    return std::all_of(last.begin() + 2, last.end(), [](char c) { return digit(c) || (c >= 'a' && c <= 'f'); });
}

struct Authority {
    std::string host;  // lower case, without brackets and trailing dot
    bool bracketed = false;
    std::string_view port;  // digits; empty without one
};

Result<Authority> split(std::string_view text) {
    if (text.empty()) return bad("has no host");
    if (text.find('@') != std::string_view::npos) return bad("must not contain a user name or password");
    Authority authority;
    std::string_view host;
    std::string_view rest;
    if (text.front() == '[') {
        const auto close = text.find(']');
        if (close == std::string_view::npos) return bad("has an unclosed '[' in its host");
        host = text.substr(1, close - 1);
        rest = text.substr(close + 1);
        authority.bracketed = true;
        if (host.find('%') != std::string_view::npos) return bad("must not name a network interface (zone id)");
    } else {
        const auto colon = std::min(text.find(':'), text.size());
        host = text.substr(0, colon);
        rest = text.substr(colon);
        if (host.ends_with('.')) host.remove_suffix(1);
    }
    if (host.empty()) return bad("has no host");
    if (!rest.empty()) {
        if (rest.front() != ':') return bad("has text behind its host that is no port");
        authority.port = rest.substr(1);
        if (authority.port.empty()) return bad("has a colon without a port");
    }
    authority.host.resize(host.size());
    std::transform(host.begin(), host.end(), authority.host.begin(), lower);
    return authority;
}

Result<std::uint16_t> read_port(std::string_view digits) {
    if (digits.empty()) return std::uint16_t{443};
    unsigned port = 0;
    const auto* end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, port);
    if (error != std::errc{} || stop != end || port < 1 || port > 65535)
        return bad("has a port that is not 1 to 65535");
    return static_cast<std::uint16_t>(port);
}

// What libcurl, which will use the URL, takes for host and port. Two readers that disagree are how filters are passed
// by.
bool curl_agrees(const Target& target) {
    const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> url(curl_url(), &curl_url_cleanup);
    if (!url || curl_url_set(url.get(), CURLUPART_URL, target.url.c_str(), CURLU_DISALLOW_USER) != CURLUE_OK)
        return false;
    const auto part = [&](CURLUPart which) {
        char* text = nullptr;
        if (curl_url_get(url.get(), which, &text, CURLU_DEFAULT_PORT) != CURLUE_OK) return std::string();
        std::string copy(text);
        curl_free(text);
        return copy;
    };
    std::string host = part(CURLUPART_HOST);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    const bool same_host = target.literal ? Address::parse(host) == target.literal : host == target.host;
    return part(CURLUPART_SCHEME) == "https" && same_host && part(CURLUPART_PORT) == std::to_string(target.port);
}

Status judge_host(const Authority& authority, const AddressRules& rules, Target& target) {
    target.literal = Address::parse(authority.host);
    if (target.literal) {
        if (target.literal->v4() == authority.bracketed) return bad("has an address that is not written as one");
        if (const char* what = rules.refusal(*target.literal))
            return bad("names the address " + target.literal->text() + ", which is " + what +
                       "; forwarder.allow opens networks");
        return {};
    }
    if (authority.bracketed) return bad("has an IPv6 address that cannot be read");
    if (looks_like_v4(authority.host)) return bad("has an IPv4 address that is not four decimal numbers");
    if (!is_name(authority.host)) return bad("has a host that is not a DNS name");
    return {};
}

}  // namespace

Result<Target> read_target(std::string_view url, const AddressRules& rules) {
    if (url.empty()) return bad("is empty");
    if (url.size() > kMaxUrlBytes) return bad("is longer than " + std::to_string(kMaxUrlBytes) + " bytes");
    for (const char c : url) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte <= 0x20 || byte == 0x7f || c == '\\')
            return bad("contains a space, a backslash or a control character");
        if (byte >= 0x80)
            return bad("contains characters beyond ASCII; write the host as A-labels (xn--...), escape the rest");
    }
    if (!starts_with_scheme(url)) {
        const bool no_slashes = url.size() >= 6 && starts_with_scheme(std::string(url.substr(0, 6)) + "//");
        return no_slashes ? bad("has no host") : bad("must be HTTPS");
    }
    if (url.find('#') != std::string_view::npos) return bad("must not have a fragment (#...)");

    const auto behind = url.substr(kScheme.size());
    const auto end = std::min(behind.find_first_of("/?"), behind.size());
    const auto authority = split(behind.substr(0, end));
    if (!authority) return authority.status();

    Target target;
    target.host = authority->host;
    if (auto status = judge_host(*authority, rules, target); !status) return status;
    const auto port = read_port(authority->port);
    if (!port) return port.status();
    target.port = *port;

    target.url.append(kScheme);
    target.url.append(authority->bracketed ? "[" + target.host + "]" : target.host);
    if (!authority->port.empty()) target.url.append(":").append(authority->port);
    target.url.append(behind.substr(end));
    if (!curl_agrees(target)) return bad("cannot be read without doubt");
    return target;
}

}  // namespace switchhook::https
