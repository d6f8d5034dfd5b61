// Requests that must be refused, and with what.
#pragma once

#include <string>
#include <vector>

namespace switchhook::http::test {

struct Malformed {
    const char* name;
    std::string bytes;
    int status;
};

inline std::string head(const std::string& lines) {
    return "POST /livekit/webhook HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n";
}
inline std::string line(const std::string& text) {
    return text + "\r\nHost: a\r\n\r\n";
}

inline std::vector<Malformed> malformed_requests() {
    using std::string;
    string many;
    for (int i = 0; i < 10'000; ++i) many += "X: y\r\n";
    string over_count;
    for (int i = 0; i < 101; ++i) over_count += "X: y\r\n";
    return {
        {"two Content-Length, different", head("Content-Length: 5\r\nContent-Length: 6\r\n") + "hello", 400},
        {"two Content-Length, equal", head("Content-Length: 5\r\nContent-Length: 5\r\n") + "hello", 400},
        {"two Content-Length, other case", head("Content-Length: 5\r\ncontent-LENGTH: 5\r\n") + "hello", 400},
        {"Content-Length with a list", head("Content-Length: 5, 5\r\n") + "hello", 400},
        {"Content-Length +5", head("Content-Length: +5\r\n") + "hello", 400},
        {"Content-Length -1", head("Content-Length: -1\r\n"), 400},
        {"Content-Length 0x5", head("Content-Length: 0x5\r\n") + "hello", 400},
        {"Content-Length 5 5", head("Content-Length:  5 5\r\n") + "hello", 400},
        {"Content-Length empty", head("Content-Length:\r\n"), 400},
        {"Content-Length 5.0", head("Content-Length: 5.0\r\n") + "hello", 400},
        {"Content-Length huge", head("Content-Length: 99999999999999999999999999\r\n"), 413},
        {"Content-Length that overflows to a small one", head("Content-Length: 18446744073709551621\r\n") + "hello",
         413},
        {"body one byte over the limit", head("Content-Length: 2097153\r\n"), 413},
        {"body over the limit with Expect", head("Expect: 100-continue\r\nContent-Length: 2097153\r\n"), 413},
        {"POST without Content-Length", head(""), 411},
        {"PUT without Content-Length", line("PUT / HTTP/1.1"), 411},
        {"POST of HTTP/1.0 without Content-Length", line("POST / HTTP/1.0"), 411},
        {"Transfer-Encoding chunked", head("Transfer-Encoding: chunked\r\n") + "0\r\n\r\n", 501},
        {"Transfer-Encoding in odd case", head("tRANSFER-eNCODING: ChUnKeD\r\n") + "0\r\n\r\n", 501},
        {"Transfer-Encoding behind a tab", head("Transfer-Encoding:\tchunked\r\n") + "0\r\n\r\n", 501},
        {"Transfer-Encoding with spaces around", head("Transfer-Encoding:   chunked  \r\n") + "0\r\n\r\n", 501},
        {"Transfer-Encoding twice", head("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"), 501},
        {"Transfer-Encoding gzip, chunked", head("Transfer-Encoding: gzip, chunked\r\n"), 501},
        {"Transfer-Encoding identity", head("Transfer-Encoding: identity\r\n"), 501},
        {"Transfer-Encoding empty", head("Transfer-Encoding:\r\n"), 501},
        {"Transfer-Encoding of a made-up kind", head("Transfer-Encoding: xchunked\r\n"), 501},
        {"Transfer-Encoding and Content-Length", head("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n") + "hello",
         400},
        {"Content-Length and Transfer-Encoding", head("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n") + "hello",
         400},
        {"Transfer-Encoding in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        {"Transfer-Encoding with a space before the colon", head("Transfer-Encoding : chunked\r\n"), 400},
        {"Transfer-Encoding with a vertical tab", head("Transfer-Encoding: \vchunked\r\n"), 400},
        {"Transfer-Encoding on a folded line", head("Transfer-Encoding:\r\n chunked\r\n"), 400},
        {"bare LF behind the line", "GET / HTTP/1.1\nHost: a\r\n\r\n", 400},
        {"bare LF behind a header", "GET / HTTP/1.1\r\nHost: a\n\r\n", 400},
        {"bare LF at the end of the head", "GET / HTTP/1.1\r\nHost: a\r\n\n", 400},
        {"bare CR behind the line", "GET / HTTP/1.1\rHost: a\r\n\r\n", 400},
        {"bare CR in a value", head("X: a\rb\r\n"), 400},
        {"bare CR at the end of the head", "GET / HTTP/1.1\r\nHost: a\r\n\rX", 400},
        {"two CR", "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", 400},
        {"obs-fold with a space", head("X: a\r\n b\r\n"), 400},
        {"obs-fold with a tab", head("X: a\r\n\tb\r\n"), 400},
        {"white space before the first header", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400},
        {"a space before the colon", head("X : a\r\n"), 400},
        {"a tab before the colon", head("X\t: a\r\n"), 400},
        {"a space in a name", head("X Y: a\r\n"), 400},
        {"no name", head(": a\r\n"), 400},
        {"no colon", head("Header\r\n"), 400},
        {"NUL in a name", head(string("X\0Y: a\r\n", 8)), 400},
        {"NUL in a value", head(string("X: a\0b\r\n", 8)), 400},
        {"NUL in the method", string("G\0T / HTTP/1.1\r\n", 16), 400},
        {"NUL in the target", string("GET /\0 HTTP/1.1\r\n", 17), 400},
        {"a control character in a name", head("X\x01: a\r\n"), 400},
        {"a control character in a value", head("X: \x1b[2J\r\n"), 400},
        {"DEL in a value", head("X: \x7f\r\n"), 400},
        {"a letter beyond ASCII in a name", head("\xc3\xa4: a\r\n"), 400},
        {"a letter beyond ASCII in the target", line("GET /\xc3\xa4 HTTP/1.1"), 400},
        {"a header name of 64 KiB", head(string(65'536, 'n') + ": a\r\n"), 431},
        {"a header value of 64 KiB", head("X: " + string(65'536, 'v') + "\r\n"), 431},
        {"10 000 headers", head(many), 431},
        {"101 headers", "GET / HTTP/1.1\r\nHost: a\r\n" + over_count + "\r\n", 431},
        {"a head over 16 KiB",
         head("A: " + string(8'000, 'a') + "\r\nB: " + string(8'000, 'b') + "\r\nC: " + string(500, 'c') + "\r\n"),
         431},
        {"a request line of 1 MiB", "GET /" + string(1'048'576, 'a') + " HTTP/1.1\r\n", 414},
        {"a method of 1 MiB", string(1'048'576, 'A'), 414},
        {"a method of 33 letters", line(string(33, 'A') + " / HTTP/1.1"), 400},
        {"HTTP/0.9", "GET /\r\n\r\n", 400},
        {"HTTP/0.9 by number", line("GET / HTTP/0.9"), 505},
        {"HTTP/1.2", line("GET / HTTP/1.2"), 505},
        {"HTTP/2.0", line("GET / HTTP/2.0"), 505},
        {"the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
        {"a version in small letters", line("GET / http/1.1"), 400},
        {"a version of two digits", line("GET / HTTP/1.10"), 400},
        {"a version without a dot", line("GET / HTTP/11"), 400},
        {"no version but a space", line("GET / "), 400},
        {"two spaces before the target", line("GET  / HTTP/1.1"), 400},
        {"two spaces before the version", line("GET /  HTTP/1.1"), 400},
        {"a space behind the version", line("GET / HTTP/1.1 "), 400},
        {"a space before the method", line(" GET / HTTP/1.1"), 400},
        {"a tab for a space", line("GET\t/\tHTTP/1.1"), 400},
        {"a method with a separator", line("GE(T / HTTP/1.1"), 400},
        {"two empty lines before the request", "\r\n\r\n" + line("GET / HTTP/1.1"), 400},
        {"an absolute-form target", line("GET http://a/ HTTP/1.1"), 400},
        {"an asterisk target", line("OPTIONS * HTTP/1.1"), 400},
        {"an authority target", line("CONNECT a:443 HTTP/1.1"), 400},
        {"an empty target", line("GET  HTTP/1.1"), 400},
        {"a target without a slash", line("GET livekit HTTP/1.1"), 400},
        {"an encoded slash", line("GET /a%2Fb HTTP/1.1"), 400},
        {"an encoded slash in small letters", line("GET /a%2fb HTTP/1.1"), 400},
        {"an encoded backslash", line("GET /a%5Cb HTTP/1.1"), 400},
        {"a backslash", line("GET /a\\b HTTP/1.1"), 400},
        {"an encoded NUL", line("GET /a%00 HTTP/1.1"), 400},
        {"an encoded line end", line("GET /a%0d%0a HTTP/1.1"), 400},
        {"a dot segment", line("GET /a/./b HTTP/1.1"), 400},
        {"two dots", line("GET /../etc/passwd HTTP/1.1"), 400},
        {"two dots at the end", line("GET /a/.. HTTP/1.1"), 400},
        {"a dot at the end before a query", line("GET /a/.?x=1 HTTP/1.1"), 400},
        {"encoded dots", line("GET /%2e%2E/a HTTP/1.1"), 400},
        {"half encoded dots", line("GET /.%2e/a HTTP/1.1"), 400},
        {"a percent sign without digits", line("GET /a%zz HTTP/1.1"), 400},
        {"a percent sign at the end", line("GET /a%2 HTTP/1.1"), 400},
        {"a percent sign without digits in the query", line("GET /a?b=%zz HTTP/1.1"), 400},
        {"a fragment", line("GET /a#b HTTP/1.1"), 400},
        {"a fragment in the query", line("GET /a?b#c HTTP/1.1"), 400},
        {"two Host", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400},
        {"two Host in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nhost: b\r\n\r\n", 400},
        {"no Host", "GET / HTTP/1.1\r\n\r\n", 400},
        {"an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400},
        {"two hosts in Host", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400},
        {"a path in Host", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
        {"a user in Host", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400},
        {"a port of letters in Host", "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", 400},
        {"another expectation", head("Expect: 200-ok\r\nContent-Length: 5\r\n"), 417},
        {"two expectations in one", head("Expect: 100-continue, x\r\nContent-Length: 5\r\n"), 417},
        {"a TLS hello", string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11), 400},
        {"the first byte of a TLS hello", "\x16", 400},
        {"a line of SIP", "REGISTER sip:a SIP/2.0\r\n", 400},
        {"noise beyond ASCII", "\xff\xfe\xfd", 400},
    };
}

}  // namespace switchhook::http::test
