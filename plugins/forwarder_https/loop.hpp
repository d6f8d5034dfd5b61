// Loop: the thread of the forwarder. libcurl's multi_socket_action on epoll; an eventfd brings requests and DNS answers
// in.
#pragma once

#include <curl/curl.h>

#include <array>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ca_bundle.hpp"
#include "name_cache.hpp"
#include "sender.hpp"
#include "target.hpp"
#include "transfer.hpp"

namespace switchhook::https {

using Time = std::chrono::steady_clock::time_point;

// One send, from the call to its completion.
struct Attempt {
    Request request;
    Completion done;
    Target target;
    const char* fault = nullptr;  // a code: it is over before it began
    std::string detail;
    Time sent;
    Time deadline;
    Time begun{};                           // with libcurl
    std::chrono::microseconds resolved{0};  // 0: nobody had to be asked
    std::optional<Time> due;                // its place in the loop's timers
    std::unique_ptr<Transfer> transfer;
};

class Loop final {
public:
    // Opens epoll and libcurl, and starts the thread. Throws std::exception. `options` outlives this object.
    Loop(const SenderOptions& options, CaBundle ca);
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    // Any thread. Hands the attempt back when the loop has stopped.
    [[nodiscard]] std::unique_ptr<Attempt> post(std::unique_ptr<Attempt> attempt);
    void stop();

private:
    struct Inbox {
        std::vector<std::unique_ptr<Attempt>> attempts;
        std::vector<Answer> answers;
        bool stopping = false;
    };

    static int on_socket(CURL* easy, curl_socket_t socket, int what, void* self, void* known);
    static int on_timer(CURLM* multi, long milliseconds, void* self);

    void run();
    int wait_for() const;
    void wake() const;
    bool take_inbox();
    void begin(std::unique_ptr<Attempt> attempt);
    void answered(const Answer& answer);
    void connect(Attempt& attempt, const std::vector<Address>& addresses);
    void act(curl_socket_t socket, int events);
    void expire();
    void set_due(Attempt& attempt, std::optional<Time> due);
    void finish(Attempt& attempt, CURLcode code);
    void fail_name(Attempt& attempt, std::string detail);
    void fail(Attempt& attempt, const char* code, std::string detail);
    void complete(Attempt& attempt, AttemptResult result);
    void end_all();
    CURLSH* sessions_of(const Target& target);

    struct MultiCleanup {
        void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
    };
    struct ShareCleanup {
        void operator()(CURLSH* share) const { curl_share_cleanup(share); }
    };
    struct Descriptor {
        ~Descriptor();
        int fd = -1;
    };

    const SenderOptions& options_;
    CaBundle ca_;
    TransferOptions transfer_options_;
    Descriptor epoll_;
    Descriptor event_;
    // libcurl 7.88 keeps eight TLS sessions per share; hosts are spread over several.
    std::array<std::unique_ptr<CURLSH, ShareCleanup>, 64> sessions_;
    Time name_server_spoke_{};  // last
    std::vector<CURL*> heads_;  // complete since the last step of libcurl
    std::unique_ptr<CURLM, MultiCleanup> multi_;
    std::optional<Time> curl_due_;
    std::unordered_map<Attempt*, std::unique_ptr<Attempt>> attempts_;
    std::vector<std::unique_ptr<Transfer>> idle_;
    std::set<std::pair<Time, Attempt*>> timers_;
    NameCache<Attempt> names_;
    std::mutex mutex_;
    Inbox inbox_;  // under mutex_
    std::unique_ptr<Resolver> resolver_;
    std::thread thread_;
};

}  // namespace switchhook::https
