// Transfer: one libcurl handle that makes one attempt after the other. Lives on the loop's thread.
#pragma once

#include <curl/curl.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <switchhook/forwarder.hpp>

#include "address_rules.hpp"
#include "target.hpp"

namespace switchhook::https {

struct TransferOptions {
    std::string ca_path;
    std::string user_agent;
    bool http2 = false;
    std::chrono::milliseconds connect_timeout{5000};
    std::size_t response_bytes = 65536;
};

// nullptr, or what is wrong with these headers: a name that is no token, a control character in a value (a line break
// would start a header of the writer's choice), or one that belongs to the transport.
const char* headers_fault(const std::vector<Header>& headers);

class Transfer final {
public:
    // Throws std::runtime_error when libcurl refuses an option. `rules` and `options` outlive this object.
    // `heads` gets the handle when a complete head has arrived.
    Transfer(const TransferOptions& options, const AddressRules& rules, std::vector<CURL*>& heads);
    ~Transfer() = default;
    Transfer(const Transfer&) = delete;
    Transfer& operator=(const Transfer&) = delete;

    // `addresses` were judged; libcurl connects to no other. Empty when the host of the target is an address itself.
    // Both references stay valid until reset(). False: libcurl is out of memory.
    [[nodiscard]] bool prepare(const Target& target, const std::vector<Address>& addresses, const Request& request,
                               std::chrono::milliseconds time_left, CURLSH* sessions);
    // Forgets the attempt, keeps the handle and its buffers.
    void reset();

    CURL* handle() const noexcept { return easy_.get(); }
    // A complete head has been received: nothing that follows changes the outcome.
    bool head_complete() const noexcept { return status_ != 0; }
    // What came of it. `code` as curl_multi_info_read gave it; any value once head_complete().
    // connected and secured count from the begin of the transfer.
    AttemptResult result(CURLcode code) const;
    // When the head was complete.
    std::chrono::steady_clock::time_point answered() const noexcept { return answered_; }

private:
    static std::size_t on_header(char* bytes, std::size_t size, std::size_t count, void* self);
    static std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* self);
    static curl_socket_t on_open(void* self, curlsocktype purpose, curl_sockaddr* address);
    AttemptResult failure(CURLcode code) const;
    void add_phases(AttemptResult& result) const;

    struct EasyCleanup {
        void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
    };
    struct ListFree {
        void operator()(curl_slist* list) const { curl_slist_free_all(list); }
    };
    using List = std::unique_ptr<curl_slist, ListFree>;
    static bool append(List& list, const std::string& line);

    const TransferOptions& options_;
    const AddressRules& rules_;
    std::vector<CURL*>& heads_;
    char error_text_[CURL_ERROR_SIZE] = {};
    std::unique_ptr<CURL, EasyCleanup> easy_;
    List headers_;
    List pins_;
    int status_ = 0;
    std::size_t head_bytes_ = 0;
    std::size_t body_bytes_ = 0;
    bool head_too_large_ = false;
    std::string forbidden_;  // the address that the socket callback refused, and why
    int open_error_ = 0;     // errno of socket()
    std::chrono::steady_clock::time_point answered_{};
    std::string answer_;  // the body's first bytes
};

}  // namespace switchhook::https
