#include "transfer.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "retry_after.hpp"

namespace switchhook::https {
namespace {

constexpr std::size_t kAnswerBytes = 1024;    // of a body, for the log of deliveries
constexpr std::size_t kMaxHeadBytes = 65536;  // all header lines together, interim responses included

template <typename T>
void set(CURL* easy, CURLoption option, T value) {
    if (const auto code = curl_easy_setopt(easy, option, value); code != CURLE_OK)
        throw std::runtime_error(std::string("libcurl refuses an option: ") + curl_easy_strerror(code));
}

// No way to any receiver: the route or the interface is gone, no port is left, or a filter of this machine forbids it.
bool network_is_down(long error) {
    return error == ENETDOWN || error == ENETUNREACH || error == EADDRNOTAVAIL || error == EPERM || error == EACCES;
}

// What the last head asked for; the later one when it says it twice.
std::optional<std::chrono::seconds> retry_after(CURL* easy) {
    std::optional<std::chrono::seconds> latest;
    curl_header* header = nullptr;
    std::size_t count = 1;
    for (std::size_t i = 0; i < count; ++i) {
        if (curl_easy_header(easy, "Retry-After", i, CURLH_HEADER, -1, &header) != CURLHE_OK) break;
        count = header->amount;
        const auto asked = read_retry_after(header->value, std::time(nullptr));
        if (asked && asked > latest) latest = asked;
    }
    return latest;
}

bool token_character(char c) {  // RFC 9110 5.6.2
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool same(std::string_view a, std::string_view lower) {
    return std::equal(a.begin(), a.end(), lower.begin(), lower.end(), [](char x, char y) {
        return (x >= 'A' && x <= 'Z' ? static_cast<char>(x - 'A' + 'a') : x) == y;
    });
}

bool owned_by_transport(std::string_view name) {
    for (const std::string_view ours :
         {"host", "content-length", "transfer-encoding", "connection", "expect", "upgrade", "te", "trailer"})
        if (same(name, ours)) return true;
    return false;
}

// A certificate whose issuer has the right name and another key (a CA that was made anew): libcurl looks at OpenSSL's
// first error only, which is then not the one about the certificate but that of the signature's algorithm.
bool signature_is_wrong(const std::string& detail) {
    return detail.find(" routines:") != std::string::npos && detail.find("SSL routines:") == std::string::npos;
}

}  // namespace

const char* headers_fault(const std::vector<Header>& headers) {
    for (const auto& [name, value] : headers) {
        if (name.empty() || !std::all_of(name.begin(), name.end(), token_character))
            return "a header's name is no token";
        if (owned_by_transport(name)) return "a header belongs to the transport";
        for (const char c : value)
            if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f)
                return "a header's value holds a control character";
    }
    return nullptr;
}

Transfer::Transfer(const TransferOptions& options, const AddressRules& rules, std::vector<CURL*>& heads)
    : options_(options), rules_(rules), heads_(heads), easy_(curl_easy_init()) {
    CURL* easy = easy_.get();
    if (easy == nullptr) throw std::runtime_error("curl_easy_init failed");
    set(easy, CURLOPT_NOSIGNAL, 1L);
    set(easy, CURLOPT_PROTOCOLS_STR, "https");
    set(easy, CURLOPT_FOLLOWLOCATION, 0L);
    set(easy, CURLOPT_PROXY, "");  // none, whatever https_proxy says: a proxy would resolve and connect for us
    set(easy, CURLOPT_NOPROXY, "*");
    set(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
    set(easy, CURLOPT_PATH_AS_IS, 1L);
    set(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    set(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    set(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    set(easy, CURLOPT_CAINFO, options.ca_path.c_str());
    set(easy, CURLOPT_CAPATH, static_cast<char*>(nullptr));
    set(easy, CURLOPT_HTTP_VERSION, static_cast<long>(options.http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
    set(easy, CURLOPT_PIPEWAIT, options.http2 ? 1L : 0L);
    set(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
    set(easy, CURLOPT_USERAGENT, options.user_agent.c_str());
    set(easy, CURLOPT_UPLOAD_BUFFERSIZE, 16384L);
    set(easy, CURLOPT_ERRORBUFFER, error_text_);
    set(easy, CURLOPT_HEADERFUNCTION, &Transfer::on_header);
    set(easy, CURLOPT_HEADERDATA, this);
    set(easy, CURLOPT_WRITEFUNCTION, &Transfer::on_body);
    set(easy, CURLOPT_WRITEDATA, this);
    set(easy, CURLOPT_OPENSOCKETFUNCTION, &Transfer::on_open);
    set(easy, CURLOPT_OPENSOCKETDATA, this);
    set(easy, CURLOPT_POST, 1L);
}

bool Transfer::append(List& list, const std::string& line) {
    curl_slist* longer = curl_slist_append(list.get(), line.c_str());
    if (longer == nullptr) return false;
    (void)list.release();
    list.reset(longer);
    return true;
}

bool Transfer::prepare(const Target& target, const std::vector<Address>& addresses, const Request& request,
                       std::chrono::milliseconds time_left, CURLSH* sessions) {
    CURL* easy = easy_.get();
    bool typed = false;
    std::string line;
    for (const auto& [name, value] : request.headers) {
        // libcurl reads "name:" as "remove that header" and "name;" as an empty value.
        line.assign(name);
        if (value.find_first_not_of(" \t") == std::string::npos)
            line.append(";");
        else
            line.append(": ").append(value);
        if (!append(headers_, line)) return false;
        typed = typed || same(name, "content-type");
    }
    if (!typed && !append(headers_, "Content-Type:")) return false;  // else curl says it is a form
    if (!append(headers_, "Expect:")) return false;

    if (!addresses.empty()) {
        // "+": it may leave libcurl's cache again. Read anew at the start of each transfer.
        line = "+" + target.host + ":" + std::to_string(target.port) + ":";
        for (const auto& address : addresses)
            line.append(&address == &addresses.front() ? "" : ",")
                .append(address.v4() ? address.text() : "[" + address.text() + "]");
        if (!append(pins_, line)) return false;
    }
    static const std::string kNothing;
    const std::string& body = request.body ? *request.body : kNothing;
    const auto ok = [easy](CURLoption option, auto value) { return curl_easy_setopt(easy, option, value) == CURLE_OK; };
    return ok(CURLOPT_URL, target.url.c_str()) && ok(CURLOPT_HTTPHEADER, headers_.get()) &&
           ok(CURLOPT_RESOLVE, pins_.get()) && ok(CURLOPT_POSTFIELDS, body.c_str()) &&
           ok(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size())) &&
           ok(CURLOPT_TIMEOUT_MS, std::max(1L, static_cast<long>(time_left.count()))) && ok(CURLOPT_SHARE, sessions);
}

void Transfer::reset() {
    curl_easy_setopt(easy_.get(), CURLOPT_HTTPHEADER, nullptr);
    curl_easy_setopt(easy_.get(), CURLOPT_RESOLVE, nullptr);
    curl_easy_setopt(easy_.get(), CURLOPT_POSTFIELDS, nullptr);
    headers_.reset();
    pins_.reset();
    error_text_[0] = '\0';
    status_ = 0;
    head_bytes_ = body_bytes_ = 0;
    head_too_large_ = false;
    forbidden_.clear();
    open_error_ = 0;
    answered_ = {};
    answer_.clear();
}

std::size_t Transfer::on_header(char* bytes, std::size_t, std::size_t count, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    if (transfer.head_complete()) return count;  // a trailer
    transfer.head_bytes_ += count;
    if (transfer.head_bytes_ > kMaxHeadBytes) {
        transfer.head_too_large_ = true;
        return 0;
    }
    const std::string_view line(bytes, count);
    if (line == "\r\n" || line == "\n") {
        long status = 0;
        curl_easy_getinfo(transfer.easy_.get(), CURLINFO_RESPONSE_CODE, &status);
        if (status < 200) return count;  // 1xx: another head follows
        transfer.status_ = static_cast<int>(status);
        transfer.answered_ = std::chrono::steady_clock::now();
        transfer.heads_.push_back(transfer.easy_.get());
    }
    return count;
}

std::size_t Transfer::on_body(char* bytes, std::size_t, std::size_t count, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    transfer.answer_.append(bytes, std::min(count, kAnswerBytes - transfer.answer_.size()));
    // The body is read for the connection's sake only, so that it can be used again.
    transfer.body_bytes_ += count;
    return transfer.body_bytes_ > transfer.options_.response_bytes ? 0 : count;
}

curl_socket_t Transfer::on_open(void* self, curlsocktype, curl_sockaddr* address) {
    auto& transfer = *static_cast<Transfer*>(self);
    // The second wall: whatever led here, this is the address that a packet would go to.
    const auto peer = Address::from(address->addr);
    const char* refusal = peer ? transfer.rules_.refusal(*peer) : "not an IP address";
    if (refusal != nullptr) {
        transfer.forbidden_ = (peer ? peer->text() : std::string("the address")) + " is " + refusal;
        return CURL_SOCKET_BAD;
    }
    const int opened = ::socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address->protocol);
    if (opened < 0) transfer.open_error_ = errno;
    return opened < 0 ? CURL_SOCKET_BAD : opened;
}

AttemptResult Transfer::result(CURLcode code) const {
    AttemptResult result;
    if (head_complete()) {
        result.status = status_;
        result.code = status_ < 300 ? "delivered" : "status_" + std::to_string(status_);
        result.retry_after = retry_after(easy_.get());
        result.answer = answer_;
    } else {
        result = failure(code);
    }
    const char* address = nullptr;
    if (curl_easy_getinfo(easy_.get(), CURLINFO_PRIMARY_IP, &address) == CURLE_OK && address != nullptr)
        result.address = address;
    add_phases(result);
    return result;
}

void Transfer::add_phases(AttemptResult& result) const {
    long connections = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_NUM_CONNECTS, &connections);
    if (connections == 0) return;  // one that was kept: neither was needed
    curl_off_t time = 0;
    if (curl_easy_getinfo(easy_.get(), CURLINFO_CONNECT_TIME_T, &time) == CURLE_OK)
        result.connected = std::chrono::microseconds(time);
    if (curl_easy_getinfo(easy_.get(), CURLINFO_APPCONNECT_TIME_T, &time) == CURLE_OK)
        result.secured = std::chrono::microseconds(time);
}

AttemptResult Transfer::failure(CURLcode code) const {
    AttemptResult result;
    result.detail = error_text_[0] != '\0' ? error_text_ : curl_easy_strerror(code);
    const auto as = [&result](const char* name) {
        result.code = name;
        return std::move(result);
    };
    if (!forbidden_.empty()) {
        result.detail = forbidden_;
        return as("forbidden_address");
    }
    if (open_error_ != 0) {
        result.detail = std::strerror(open_error_);
        return as("own_fault");
    }
    if (head_too_large_) return as("response_too_large");
    switch (code) {
        case CURLE_COULDNT_CONNECT: {
            long error = 0;
            curl_easy_getinfo(easy_.get(), CURLINFO_OS_ERRNO, &error);
            if (error == ECONNREFUSED) return as("connect_refused");
            if (network_is_down(error)) return as("network_down");
            return as(error == ETIMEDOUT ? "timeout_connect" : "connect_failed");
        }
        case CURLE_OPERATION_TIMEDOUT: {
            curl_off_t until_request = 0;  // zero until the connection, TLS included, was ready for the request
            curl_easy_getinfo(easy_.get(), CURLINFO_PRETRANSFER_TIME_T, &until_request);
            return as(until_request > 0 ? "timeout_response" : "timeout_connect");
        }
        case CURLE_COULDNT_RESOLVE_HOST:
            return as("dns_failed");
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_ISSUER_ERROR:
            return as("tls_verify_failed");
        case CURLE_SSL_CONNECT_ERROR:
            return as(signature_is_wrong(result.detail) ? "tls_verify_failed" : "tls_failed");
        case CURLE_SSL_CIPHER:
            return as("tls_failed");
        case CURLE_SEND_ERROR:
        case CURLE_RECV_ERROR:
        case CURLE_GOT_NOTHING:
        case CURLE_PARTIAL_FILE:
            return as("connection_reset");
        case CURLE_UNSUPPORTED_PROTOCOL:  // HTTP/0.9
        case CURLE_WEIRD_SERVER_REPLY:
        case CURLE_WRITE_ERROR:
        case CURLE_BAD_CONTENT_ENCODING:
        case CURLE_HTTP2:
        case CURLE_HTTP2_STREAM:
            return as("bad_response");
        case CURLE_URL_MALFORMAT:
            return as("invalid_url");
        default:
            return as("own_fault");
    }
}

}  // namespace switchhook::https
