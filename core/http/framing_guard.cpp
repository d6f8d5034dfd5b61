#include "core/http/framing_guard.hpp"

#include <algorithm>
#include <utility>

#include "core/http/reply.hpp"
#include "core/http/request_target.hpp"

namespace switchhook::http {
namespace {

constexpr std::size_t kMethodBytes = 32;  // as Poco's HTTPRequest; no method that we serve is near
// A larger body grows with what really arrives, not with what was announced.
constexpr std::size_t kFirstBodyBytes =
    std::size_t{64} * 1024;  // a larger body grows with what really arrives, not with what was announced

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

Frame::Span span_of(std::size_t begin, std::size_t size) {
    return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(size)};
}

}  // namespace

void FramingGuard::refuse(int status) {
    verdict_ = Verdict::refused;
    status_ = status;
}

// Class before limit, byte by byte: the verdict must not depend on how the input was cut.
bool FramingGuard::push(char byte, int status_over) {
    if (frame_.head.size() >= limits_.head_bytes) {
        refuse(status_over);
        return false;
    }
    frame_.head.push_back(byte);
    return true;
}

// Takes the run of bytes of that kind into the head; the part that began at part_begin_ may hold `limit` bytes.
std::size_t FramingGuard::feed_run(std::string_view bytes, std::uint8_t kind, std::size_t limit, int status_over) {
    const std::size_t run = run_of_kind(bytes, kind);
    const std::size_t room =
        std::min(limit - (frame_.head.size() - part_begin_), limits_.head_bytes - frame_.head.size());
    if (run > room) {
        refuse(status_over);
        return run;
    }
    frame_.head.append(bytes.substr(0, run));
    return run;
}

std::size_t FramingGuard::feed(std::string_view bytes) {
    std::size_t used = 0;
    while (used < bytes.size() && verdict_ == Verdict::need_more) {
        const std::string_view rest = bytes.substr(used);
        std::size_t run = 0;
        if (step_ == Step::line) run = feed_run(rest, kLineText, std::min(limits_.line_bytes, limits_.head_bytes), 414);
        if (step_ == Step::name) run = feed_run(rest, kToken, limits_.name_bytes, 431);
        if (step_ == Step::value) run = feed_run(rest, kFieldText, limits_.value_bytes, 431);
        if (step_ == Step::body) run = feed_body(rest);
        used += run;
        if (run > 0 || verdict_ != Verdict::need_more) continue;
        step_byte(bytes[used++]);
    }
    return used;
}

// One byte that is not part of a run: a delimiter in its place, or the end of the connection.
void FramingGuard::step_byte(char byte) {
    if (step_ < Step::field) {
        step_line_byte(byte);
    } else {
        step_field_byte(byte);
    }
}

void FramingGuard::step_line_byte(char byte) {
    switch (step_) {
        case Step::begin:
            if (byte == '\r' &&
                !preamble_seen_) {  // RFC 9112 2.2: an empty line before the request is ignored; one, here
                step_ = Step::preamble_lf;
            } else if (is_kind(byte, kToken)) {
                step_ = Step::line;
                part_begin_ = 0;
                push(byte, 414);
            } else {
                refuse(400);  // also the 0x16 of a TLS hello
            }
            return;
        case Step::preamble_lf:
            if (byte != '\n') return refuse(400);
            preamble_seen_ = true;
            step_ = Step::begin;
            return;
        case Step::line:
            if (byte != '\r') return refuse(400);  // also a bare LF
            if (push(byte, 414)) step_ = Step::line_lf;
            return;
        default:  // line_lf
            if (byte != '\n') return refuse(400);
            if (push(byte, 414)) end_line();
            return;
    }
}

void FramingGuard::step_field_byte(char byte) {
    switch (step_) {
        case Step::field:
            if (byte != '\r' && !is_kind(byte, kToken)) return refuse(400);  // also obs-fold
            name_begin_ = part_begin_ = frame_.head.size();
            if (push(byte, 431)) step_ = byte == '\r' ? Step::head_lf : Step::name;
            return;
        case Step::name:
            if (byte != ':') return refuse(400);  // also a space before the colon, and a line without one
            if (!push(byte, 431)) return;
            part_begin_ = frame_.head.size();
            step_ = Step::value;
            return;
        case Step::value:
            if (byte != '\r') return refuse(400);
            if (push(byte, 431)) step_ = Step::value_lf;
            return;
        case Step::value_lf:
            if (byte != '\n') return refuse(400);
            if (push(byte, 431)) end_field();
            return;
        default:  // head_lf
            if (byte != '\n') return refuse(400);
            if (push(byte, 431)) end_head();
            return;
    }
}

std::size_t FramingGuard::feed_body(std::string_view bytes) {
    const std::size_t wanted = static_cast<std::size_t>(content_length_) - frame_.body.size();
    const std::size_t taken = std::min(wanted, bytes.size());
    if (frame_.body.empty()) {
        frame_.body.reserve(std::min(static_cast<std::size_t>(content_length_), std::max(taken, kFirstBodyBytes)));
    }
    frame_.body.append(bytes.substr(0, taken));
    if (taken == wanted) verdict_ = Verdict::complete;
    return taken;
}

// method SP request-target SP HTTP-version, each one space (RFC 9112 3).
void FramingGuard::end_line() {
    const std::string_view line = std::string_view(frame_.head).substr(0, frame_.head.size() - 2);
    const std::size_t first = line.find(' ');
    const std::size_t second = first == std::string_view::npos ? first : line.find(' ', first + 1);
    if (second == std::string_view::npos) return refuse(400);  // also the line of HTTP/0.9
    const std::string_view version = line.substr(second + 1);
    if (version.size() != 8 || !version.starts_with("HTTP/") || !is_kind(version[5], kDigit) || version[6] != '.' ||
        !is_kind(version[7], kDigit))
        return refuse(400);
    if (version != "HTTP/1.1" && version != "HTTP/1.0") return refuse(505);  // also the preface of HTTP/2
    if (first > kMethodBytes || run_of_kind(line, kToken) != first) return refuse(400);
    if (!is_plain_origin_form(line.substr(first + 1, second - first - 1))) return refuse(400);
    frame_.method = span_of(0, first);
    frame_.target = span_of(first + 1, second - first - 1);
    frame_.http_1_0 = version.back() == '0';
    step_ = Step::field;
}

void FramingGuard::end_field() {
    if (frame_.fields.size() >= limits_.max_headers) return refuse(431);
    const std::string_view head(frame_.head);
    const std::string_view name = head.substr(name_begin_, part_begin_ - 1 - name_begin_);
    const std::string_view value = trimmed(head.substr(part_begin_, head.size() - 2 - part_begin_));
    if (frame_.fields.empty()) frame_.fields.reserve(std::min<std::size_t>(limits_.max_headers, 16));
    frame_.fields.push_back({span_of(name_begin_, name.size()),
                             span_of(static_cast<std::size_t>(value.data() - head.data()), value.size())});
    step_ = Step::field;
    if (same_letters(name, "host")) {
        judge_host(value);
    } else if (same_letters(name, "content-length")) {
        judge_content_length(value);
    } else if (same_letters(name, "connection")) {
        judge_connection(value);
    } else if (same_letters(name, "transfer-encoding")) {
        has_transfer_encoding_ = true;
    } else if (same_letters(name, "expect")) {
        (same_letters(value, "100-continue") ? wants_continue_ : has_other_expectation_) = true;
    }
}

void FramingGuard::judge_host(std::string_view value) {
    if (has_host_ || !is_host_value(value)) return refuse(400);
    has_host_ = true;
}

// One, of digits only; RFC 9112 6.3 would also let equal ones pass.
void FramingGuard::judge_content_length(std::string_view value) {
    if (has_length_ || value.empty() || run_of_kind(value, kDigit) != value.size()) return refuse(400);
    has_length_ = true;
    constexpr std::uint64_t kHuge = std::uint64_t{1} << 60;
    for (const char digit : value)
        content_length_ = std::min(kHuge, content_length_ * 10 + static_cast<unsigned>(digit - '0'));
}

void FramingGuard::judge_connection(std::string_view value) {
    while (!value.empty()) {
        const std::size_t comma = std::min(value.find(','), value.size());
        const std::string_view option = trimmed(value.substr(0, comma));
        asks_close_ = asks_close_ || same_letters(option, "close");
        asks_keep_alive_ = asks_keep_alive_ || same_letters(option, "keep-alive");
        value.remove_prefix(std::min(comma + 1, value.size()));
    }
}

// What only the whole head can tell. First what makes the framing ambiguous, then what we do not serve, then limits.
void FramingGuard::end_head() {
    if (!has_host_ && !frame_.http_1_0) return refuse(400);  // RFC 9112 3.2
    // RFC 9112 6.1: Transfer-Encoding beside Content-Length, or in HTTP/1.0, is faulty framing; alone it is a coding
    // that we do not understand, whatever it says.
    if (has_transfer_encoding_) return refuse(has_length_ || frame_.http_1_0 ? 400 : 501);
    const std::string_view method = frame_.text(frame_.method);
    if (!has_length_ && (method == "POST" || method == "PUT" || method == "PATCH")) return refuse(411);
    if (content_length_ > limits_.body_bytes) return refuse(413);
    if (has_other_expectation_) return refuse(417);
    wants_continue_ = wants_continue_ && !frame_.http_1_0;  // RFC 9110 10.1.1: ignored in HTTP/1.0
    frame_.keep_alive = !asks_close_ && (!frame_.http_1_0 || asks_keep_alive_);
    step_ = Step::body;
    if (content_length_ == 0) verdict_ = Verdict::complete;
}

Frame FramingGuard::take() {
    Frame frame = std::move(frame_);
    *this = FramingGuard(limits_);
    return frame;
}

}  // namespace switchhook::http
