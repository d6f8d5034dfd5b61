// Connections: HTTP POSTs over kept connections, each with a deadline, all of which stop() ends from another thread.
#pragma once

#include <curl/curl.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace switchhook::livekit_api {

struct ConnectionOptions {
    std::string ca_file;  // PEM; empty: the system's
    std::string user_agent;
    std::size_t answer_bytes = 8 * 1024 * 1024;  // some ten thousand trunks
};

struct HttpRequest {
    std::string url;
    std::vector<std::string> headers;  // "Name: value"
    std::string body;
    // libcurl repeats by itself what a kept connection lost before the first byte of an answer: not what would then be
    // done twice.
    bool own_connection = false;
};

enum class Trouble : std::uint8_t {
    none = 1,
    stopped,      // stop() came
    too_large,    // the answer is larger than answer_bytes
    certificate,  // the other side's certificate, or our own CA file
    no_http,      // something that does not speak HTTP/1 answered
    network,      // anything else that may pass: resolving, connecting, time, a connection that broke
};

struct HttpAnswer {
    Trouble trouble = Trouble::none;
    std::string detail{};  // libcurl's words, when there was trouble
    int status = 0;
    std::string location{};  // of a redirect, which is never followed
    std::string body{};
};

// Any thread, several at once. A line is an easy handle and the multi handle whose cache keeps its connection; idle
// lines wait in a pool. The multi handle is there for its wake-up: curl_easy_perform notices an abort only once a
// second.
class Connections final {
public:
    explicit Connections(ConnectionOptions options);
    ~Connections();  // no call may be under way
    Connections(const Connections&) = delete;
    Connections& operator=(const Connections&) = delete;

    // Undoes an earlier stop.
    void start();
    // Calls under way, and those that come later, end at once with Trouble::stopped.
    void stop();

    // Blocks until the whole answer is there, at most for `deadline`.
    HttpAnswer post(const HttpRequest& request, std::chrono::milliseconds deadline);

private:
    struct Line;
    struct Borrowed;
    std::unique_ptr<Line> take();
    void give_back(std::unique_ptr<Line> line);
    CURLcode drive(Line& line, std::chrono::milliseconds deadline);

    const ConnectionOptions options_;
    std::mutex mutex_;  // of all below
    bool stopped_ = false;
    std::vector<std::unique_ptr<Line>> idle_;
    std::vector<CURLM*> busy_;
};

}  // namespace switchhook::livekit_api
