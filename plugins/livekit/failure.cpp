#include "failure.hpp"

#include <optional>
#include <utility>

#include "answer.hpp"

namespace switchhook::livekit_api {
namespace {

constexpr std::size_t kMaxQuoted = 400;

// {"code": "invalid_argument", "msg": "...", "meta": {...}}
struct TwirpError {
    std::string code;
    std::string message;
};

std::optional<TwirpError> read_twirp(std::string_view body) {
    const auto object = read_object(body);
    if (!object) return std::nullopt;
    TwirpError error{text_of(*object, "code"), text_of(*object, "msg")};
    if (error.code.empty()) return std::nullopt;
    return error;
}

bool has(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

class Text {
public:
    Text(const CallName& call, const HttpAnswer& answer) : call_(call), answer_(answer) {}

    Failure as(FailureKind kind, Code code, std::string_view meaning) const {
        std::string text = "LiveKit at ";
        text.append(call_.server).append(" answered ").append(call_.method).append(" with ");
        text.append(std::to_string(answer_.status));
        if (error) text.append(" ").append(quoted(error->code));
        if (error && !error->message.empty()) text.append(" \"").append(quoted(error->message)).append("\"");
        text.append(": ").append(meaning);
        return {kind, Status(code, std::move(text))};
    }
    Failure passing(std::string_view meaning) const { return as(FailureKind::passing, Code::unavailable, meaning); }
    Failure refused(std::string_view meaning) const { return as(FailureKind::refused, Code::invalid, meaning); }

    std::optional<TwirpError> error;

private:
    std::string quoted(std::string_view text) const {
        if ((!call_.token.empty() && has(text, call_.token)) || (!call_.secret.empty() && has(text, call_.secret)))
            return "(left out: it repeats a credential)";
        return clean(text);
    }

    const CallName& call_;
    const HttpAnswer& answer_;
};

// The texts of livekit-server pkg/service/auth.go. Nothing of them is repeated: some hold the token.
std::string_view why_unauthorised(std::string_view body) {
    if (has(body, "invalid API key"))
        return "it does not know the API key; livekit.api_key must be one of `keys:` in LiveKit's configuration";
    if (has(body, "expired") || has(body, "not valid yet") || has(body, "validation failed"))
        return "the token is too old or too young for it: the two clocks differ by more than a minute; set them by NTP";
    if (has(body, "signature") || has(body, "cryptographic primitive"))
        return "livekit.api_secret is not the secret of livekit.api_key";
    return "it does not accept livekit.api_key and livekit.api_secret for this; compare them with `keys:` in LiveKit's "
           "configuration, and the two clocks";
}

Failure not_found(const Text& text) {
    if (text.error && text.error->code == "not_found")
        return text.as(FailureKind::not_found, Code::not_found, "it is not there any more");
    if (text.error && text.error->code == "bad_route")
        return text.refused(
            "this LiveKit does not know the method; SIP provisioning needs livekit-server 1.9.0 or later");
    return text.refused("there is no LiveKit API at that address; livekit.url must be LiveKit's own, with its port");
}

Failure server_fault(const Text& text, int status) {
    const std::string_view message = text.error ? std::string_view(text.error->message) : std::string_view();
    // Twirp says `internal` for this as for anything: the text alone tells that it will not pass.
    if (has(message, "sip not connected") || has(message, "redis required"))
        return text.refused(
            "this LiveKit runs without Redis, and SIP needs it; set redis.address in its configuration");
    if (status == 501) return text.refused("this LiveKit cannot do that; update livekit-server");
    if (status == 503 && text.error)
        return text.passing("a part of LiveKit that the call needs does not answer; it is tried again");
    return text.passing("LiveKit, or a proxy before it, is not well; it is tried again");
}

Failure bad_request(const Text& text) {
    const std::string_view message = text.error ? std::string_view(text.error->message) : std::string_view();
    if (text.error && text.error->code == "malformed")
        return text.refused("it could not read what was sent; is there a proxy that changes requests?");
    if (has(message, "onflicting") || has(message, "already exists"))
        return text.as(
            FailureKind::contradicts, Code::conflict,
            "what it names stands in the way, or contradicts another one (at each creation LiveKit checks all that is "
            "stored, also what has nothing to do with ours); change or delete it: lk sip inbound list, lk sip dispatch "
            "list");
    if (!text.error) return text.refused("a proxy, or no LiveKit at all; livekit.url must be LiveKit's own");
    return text.as(FailureKind::contradicts, Code::invalid, "it does not accept what the configuration asks for");
}

Failure by_status(const Text& text, const HttpAnswer& answer) {
    const int status = answer.status;
    switch (status) {
        case 400:
            return bad_request(text);
        case 403:
            return text.refused("the key may not do that, or a proxy is in the way");
        case 404:
            return not_found(text);
        case 408:
        case 425:
            return text.passing("LiveKit did not finish in time; it is tried again");
        case 409:
        case 412:
            return text.as(FailureKind::contradicts, Code::conflict, "it contradicts what is stored there");
        case 413:
            return text.refused("the request is too large for it");
        case 429:
            return text.passing("LiveKit asks to slow down; it is tried again");
        default:
            break;
    }
    if (status >= 500) return server_fault(text, status);
    return text.refused("this is not what LiveKit answers; livekit.url must be LiveKit's own");
}

}  // namespace

std::string clean(std::string_view text) {
    std::string out(text.substr(0, kMaxQuoted));
    if (text.size() > kMaxQuoted) {
        while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0xC0) == 0x80) out.pop_back();
        if (!out.empty() && static_cast<unsigned char>(out.back()) >= 0xC0) out.pop_back();
        out.append("...");
    }
    for (char& c : out)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    return out;
}

Failure failure_of(const CallName& call, const HttpAnswer& answer) {
    const std::string who = "LiveKit at " + std::string(call.server) + " ";
    switch (answer.trouble) {
        case Trouble::stopped:
            return {FailureKind::passing, Status(Code::unavailable, who + "was not asked to the end: stopping")};
        case Trouble::network:
            return {FailureKind::passing,
                    Status(Code::unavailable, who + "could not be reached for " + std::string(call.method) + ": " +
                                                  clean(answer.detail) + "; is it running, and livekit.url right?")};
        case Trouble::certificate:
            return {FailureKind::refused,
                    Status(Code::invalid, who + "has a certificate that is not trusted: " + clean(answer.detail) +
                                              "; ca_file names the authority that issued it")};
        case Trouble::no_http:
            return {FailureKind::refused,
                    Status(Code::invalid, who + "does not speak HTTP: " + clean(answer.detail) +
                                              "; livekit.url must name LiveKit's own port (7880 by default)")};
        case Trouble::too_large:
            return {FailureKind::refused, Status(Code::invalid, who + "answered " + std::string(call.method) +
                                                                    " with more than 8 MiB; that is not read")};
        case Trouble::none:
            break;
    }
    Text text(call, answer);
    if (answer.status == 401) return text.refused(why_unauthorised(answer.body));
    if (answer.status >= 300 && answer.status < 400) {
        const std::string_view to = std::string_view(answer.location).substr(0, answer.location.find_first_of("?#"));
        const bool leaks = !call.token.empty() && has(to, call.token);
        return text.refused("redirects are not followed; livekit.url must be the address it ends at" +
                            (to.empty() || leaks ? std::string() : ", " + clean(to)));
    }
    text.error = read_twirp(answer.body);
    return by_status(text, answer);
}

Failure strange_answer(const CallName& call, std::string_view what) {
    return {FailureKind::refused,
            Status(Code::invalid, "LiveKit at " + std::string(call.server) + " answered " + std::string(call.method) +
                                      " with 200 and a body that " + std::string(what) +
                                      "; livekit.url must be LiveKit's own, with its port")};
}

}  // namespace switchhook::livekit_api
