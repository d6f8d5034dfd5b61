// The framing guard: judges the bytes of requests as they arrive, before anything else reads them. It is strict where
// RFC 9112 lets a recipient choose, because what two readers frame differently can be smuggled past one of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace switchhook::http {

struct FramingLimits {
    std::size_t head_bytes = 16 * 1024;        // request line and headers: more is 414 within the line, else 431
    std::size_t line_bytes = 8 * 1024;         // request line: more is 414 (RFC 9112 3 asks for at least 8000)
    std::size_t name_bytes = 256;              // one header's name: more is 431
    std::size_t value_bytes = 8 * 1024;        // one header's value: more is 431
    std::size_t max_headers = 100;             // more is 431
    std::size_t body_bytes = 2 * 1024 * 1024;  // more is 413, said from Content-Length before the body is read
};

// One complete request as it was received, with the places of its parts.
struct Frame {
    struct Span {
        std::uint32_t begin = 0;
        std::uint32_t size = 0;
    };
    struct Field {
        Span name;
        Span value;  // without the white space around it
    };
    std::string head;  // request line to empty line, both included
    std::string body;
    Span method;
    Span target;
    std::vector<Field> fields;
    bool http_1_0 = false;
    bool keep_alive = true;  // what version and Connection ask for

    std::string_view text(Span span) const { return std::string_view(head).substr(span.begin, span.size); }
};

// One thread. Linear time: each byte is looked at a fixed number of times, however the input is cut.
class FramingGuard final {
public:
    enum class Verdict : std::uint8_t { need_more = 1, complete, refused };

    explicit FramingGuard(const FramingLimits& limits) : limits_(limits) {}

    // Takes bytes up to the end of the request and says how many. Only while the verdict is need_more.
    std::size_t feed(std::string_view bytes);

    Verdict verdict() const noexcept { return verdict_; }
    // With refused: 400, 411, 413, 414, 417, 431, 501 or 505. The connection cannot be used any further.
    int status() const noexcept { return status_; }
    // True when a request has begun (the empty line that may precede it does not count).
    bool started() const noexcept { return step_ > Step::preamble_lf; }
    bool head_complete() const noexcept { return step_ == Step::body; }
    // True when the client waits for "100 Continue" before it sends the body (RFC 9110 10.1.1).
    bool wants_continue() const noexcept { return wants_continue_ && step_ == Step::body && frame_.body.empty(); }
    std::size_t body_held() const noexcept { return frame_.body.size(); }
    // Bytes of head and body held.
    std::size_t held() const noexcept { return frame_.head.size() + frame_.body.size(); }

    // With complete: the request; the guard is then ready for the next one.
    Frame take();

private:
    enum class Step : std::uint8_t { begin, preamble_lf, line, line_lf, field, name, value, value_lf, head_lf, body };

    std::size_t feed_run(std::string_view bytes, std::uint8_t kind, std::size_t limit, int status_over);
    bool push(char byte, int status_over);
    void step_byte(char byte);
    void step_line_byte(char byte);
    void step_field_byte(char byte);
    std::size_t feed_body(std::string_view bytes);
    void end_line();
    void end_field();
    void end_head();
    void judge_content_length(std::string_view value);
    void judge_host(std::string_view value);
    void judge_connection(std::string_view value);
    void refuse(int status);

    FramingLimits limits_;
    Frame frame_;
    std::uint64_t content_length_ = 0;
    std::size_t part_begin_ = 0;  // where the line, name or value that is being read begins
    std::size_t name_begin_ = 0;
    int status_ = 0;
    Step step_ = Step::begin;
    Verdict verdict_ = Verdict::need_more;
    bool preamble_seen_ = false;
    bool has_length_ = false;
    bool has_host_ = false;
    bool has_transfer_encoding_ = false;
    bool has_other_expectation_ = false;
    bool wants_continue_ = false;
    bool asks_close_ = false;
    bool asks_keep_alive_ = false;
};

}  // namespace switchhook::http
