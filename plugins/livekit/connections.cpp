#include "connections.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace switchhook::livekit_api {
namespace {

constexpr std::size_t kIdleLines = 4;
constexpr std::size_t kMaxHeadBytes = 65536;

// CURL and CURLM are both void to C++.
struct FreeEasy {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct FreeMulti {
    void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

template <typename T>
void set(CURL* easy, CURLoption option, T value) {
    if (const auto code = curl_easy_setopt(easy, option, value); code != CURLE_OK)
        throw std::runtime_error(std::string("libcurl refuses an option: ") + curl_easy_strerror(code));
}

Trouble trouble_of(CURLcode code) {
    switch (code) {
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_ISSUER_ERROR:
            return Trouble::certificate;
        case CURLE_WEIRD_SERVER_REPLY:
        case CURLE_UNSUPPORTED_PROTOCOL:  // HTTP/0.9 or nonsense in place of a status line
        case CURLE_BAD_CONTENT_ENCODING:
            return Trouble::no_http;
        default:
            return Trouble::network;
    }
}

}  // namespace

struct Connections::Line {
    // The order matters: the easy handle goes before the multi handle that holds its connection.
    std::unique_ptr<CURLM, FreeMulti> multi{curl_multi_init()};
    std::unique_ptr<CURL, FreeEasy> easy{curl_easy_init()};
    char error_text[CURL_ERROR_SIZE] = {};
    std::size_t limit = 0;
    std::size_t head_bytes = 0;
    bool head_complete = false;
    bool too_large = false;
    std::string body;

    explicit Line(const ConnectionOptions& options);
    static std::size_t on_header(char* bytes, std::size_t size, std::size_t count, void* self);
    static std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* self);
};

Connections::Line::Line(const ConnectionOptions& options) : limit(options.answer_bytes) {
    if (!multi || !easy) throw std::runtime_error("libcurl cannot make a handle");
    CURL* const handle = easy.get();
    set(handle, CURLOPT_NOSIGNAL, 1L);
    set(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    set(handle, CURLOPT_FOLLOWLOCATION, 0L);
    set(handle, CURLOPT_PROXY, "");  // none, whatever http_proxy says: the configuration alone decides who sees tokens
    set(handle, CURLOPT_NOPROXY, "*");
    set(handle, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
    set(handle, CURLOPT_PATH_AS_IS, 1L);
    set(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(handle, CURLOPT_HTTP09_ALLOWED, 0L);
    set(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    set(handle, CURLOPT_SSL_VERIFYPEER, 1L);
    set(handle, CURLOPT_SSL_VERIFYHOST, 2L);
    // With Debian's default CAPATH, libcurl 7.88 reads the whole store anew for each connection: 53 ms of CPU, not 1.3.
    set(handle, CURLOPT_CAPATH, static_cast<char*>(nullptr));
    if (!options.ca_file.empty()) set(handle, CURLOPT_CAINFO, options.ca_file.c_str());
    set(handle, CURLOPT_QUICK_EXIT, 1L);  // an abort does not wait for the thread that is asking DNS
    set(handle, CURLOPT_USERAGENT, options.user_agent.c_str());
    set(handle, CURLOPT_ERRORBUFFER, error_text);
    set(handle, CURLOPT_HEADERFUNCTION, &Line::on_header);
    set(handle, CURLOPT_HEADERDATA, this);
    set(handle, CURLOPT_WRITEFUNCTION, &Line::on_body);
    set(handle, CURLOPT_WRITEDATA, this);
    set(handle, CURLOPT_POST, 1L);
}

std::size_t Connections::Line::on_header(char* bytes, std::size_t, std::size_t count, void* self) {
    auto& line = *static_cast<Line*>(self);
    const std::string_view text(bytes, count);
    line.head_complete = text == "\r\n" || text == "\n";
    line.head_bytes += count;
    line.too_large = line.too_large || line.head_bytes > kMaxHeadBytes;
    return line.too_large ? 0 : count;
}

std::size_t Connections::Line::on_body(char* bytes, std::size_t, std::size_t count, void* self) {
    auto& line = *static_cast<Line*>(self);
    if (count > line.limit - line.body.size()) {
        line.too_large = true;
        return 0;
    }
    line.body.append(bytes, count);
    return count;
}

Connections::Connections(ConnectionOptions options) : options_(std::move(options)) {
    idle_.push_back(std::make_unique<Line>(options_));  // its options are known to work
}

Connections::~Connections() = default;

void Connections::start() {
    const std::lock_guard lock(mutex_);
    stopped_ = false;
}

void Connections::stop() {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    idle_.clear();
    for (CURLM* const multi : busy_) curl_multi_wakeup(multi);
}

std::unique_ptr<Connections::Line> Connections::take() {
    std::unique_ptr<Line> line;
    {
        const std::lock_guard lock(mutex_);
        if (stopped_) return nullptr;
        if (!idle_.empty()) {
            line = std::move(idle_.back());
            idle_.pop_back();
        }
    }
    if (!line) line = std::make_unique<Line>(options_);
    const std::lock_guard lock(mutex_);
    busy_.push_back(line->multi.get());
    return line;
}

void Connections::give_back(std::unique_ptr<Line> line) {
    line->body = {};
    line->head_bytes = 0;
    line->head_complete = false;
    line->too_large = false;
    line->error_text[0] = '\0';
    const std::lock_guard lock(mutex_);
    std::erase(busy_, line->multi.get());
    if (!stopped_ && idle_.size() < kIdleLines) idle_.push_back(std::move(line));
}

// Gives the line back also when memory runs out: stop() wakes every line that counts as busy.
struct Connections::Borrowed {
    Connections& pool;
    std::unique_ptr<Line> line;
    ~Borrowed() {
        if (line) pool.give_back(std::move(line));
    }
    Line* operator->() const { return line.get(); }
    Line& operator*() const { return *line; }
};

// CURLE_ABORTED_BY_CALLBACK stands for stop().
CURLcode Connections::drive(Line& line, std::chrono::milliseconds deadline) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    for (;;) {
        {
            const std::lock_guard lock(mutex_);
            if (stopped_) return CURLE_ABORTED_BY_CALLBACK;
        }
        int running = 0;
        if (curl_multi_perform(line.multi.get(), &running) != CURLM_OK) return CURLE_FAILED_INIT;
        int left = 0;
        while (const CURLMsg* const message = curl_multi_info_read(line.multi.get(), &left))
            if (message->msg == CURLMSG_DONE) return message->data.result;
        const auto wait =
            std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
        // libcurl's own timer goes off first; this is for the case that it does not.
        if (wait < -100) return CURLE_OPERATION_TIMEDOUT;
        const int patience = static_cast<int>(std::clamp<std::int64_t>(wait + 10, 1, 60'000));
        if (curl_multi_poll(line.multi.get(), nullptr, 0, patience, nullptr) != CURLM_OK) return CURLE_FAILED_INIT;
    }
}

HttpAnswer Connections::post(const HttpRequest& request, std::chrono::milliseconds deadline) {
    HttpAnswer answer;
    const Borrowed line{*this, take()};
    if (!line.line) {
        answer.trouble = Trouble::stopped;
        return answer;
    }
    CURL* const easy = line->easy.get();
    std::unique_ptr<curl_slist, FreeList> headers;
    bool prepared = true;
    for (const auto& header : request.headers) {
        curl_slist* const longer = curl_slist_append(headers.get(), header.c_str());
        prepared = prepared && longer != nullptr;
        if (longer == nullptr) break;
        (void)headers.release();
        headers.reset(longer);
    }
    const auto ok = [easy](CURLoption option, auto value) { return curl_easy_setopt(easy, option, value) == CURLE_OK; };
    prepared = prepared && ok(CURLOPT_URL, request.url.c_str()) && ok(CURLOPT_HTTPHEADER, headers.get()) &&
               ok(CURLOPT_POSTFIELDS, request.body.c_str()) &&
               ok(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size())) &&
               ok(CURLOPT_FRESH_CONNECT, request.own_connection ? 1L : 0L) &&
               ok(CURLOPT_TIMEOUT_MS, std::max(1L, static_cast<long>(deadline.count())));
    CURLcode code = CURLE_OUT_OF_MEMORY;
    if (prepared && curl_multi_add_handle(line->multi.get(), easy) == CURLM_OK) {
        code = drive(*line, deadline);
        long status = 0;
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        answer.status = static_cast<int>(status);
        const char* location = nullptr;
        if (curl_easy_getinfo(easy, CURLINFO_REDIRECT_URL, &location) == CURLE_OK && location != nullptr)
            answer.location = location;
        curl_multi_remove_handle(line->multi.get(), easy);
    }
    if (code != CURLE_OK) {
        answer.trouble = line->too_large                     ? Trouble::too_large
                         : code == CURLE_ABORTED_BY_CALLBACK ? Trouble::stopped
                                                             : trouble_of(code);
        answer.detail = line->error_text[0] != '\0' ? line->error_text : curl_easy_strerror(code);
    }
    if (code == CURLE_OK && !line->head_complete) {  // libcurl takes half a head for an answer without a body
        answer.trouble = Trouble::network;
        answer.detail = "the answer broke off";
    }
    answer.body = std::move(line->body);
    // What belongs to this request only.
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, nullptr);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, nullptr);
    return answer;
}

}  // namespace switchhook::livekit_api
