#include "loop.hpp"

#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <limits>
#include <stdexcept>
#include <system_error>

namespace switchhook::https {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kIdleTransfers = 256;  // about 20 KiB each, buffers included

Time now() {
    return std::chrono::steady_clock::now();
}

std::chrono::microseconds since(Time then) {
    return std::chrono::duration_cast<std::chrono::microseconds>(now() - then);
}

[[noreturn]] void throw_errno(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

Loop::Descriptor::~Descriptor() {
    if (fd >= 0) ::close(fd);
}

Loop::Loop(const SenderOptions& options, CaBundle ca) : options_(options), ca_(std::move(ca)) {
    transfer_options_ = {.ca_path = ca_.path(),
                         .user_agent = options.user_agent,
                         .http2 = options.http2,
                         .connect_timeout = options.connect_timeout,
                         .response_bytes = options.response_bytes};
    epoll_.fd = ::epoll_create1(EPOLL_CLOEXEC);
    if (epoll_.fd < 0) throw_errno("epoll_create1");
    event_.fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (event_.fd < 0) throw_errno("eventfd");
    epoll_event event{.events = EPOLLIN, .data = {.fd = event_.fd}};
    if (::epoll_ctl(epoll_.fd, EPOLL_CTL_ADD, event_.fd, &event) != 0) throw_errno("epoll_ctl");

    multi_.reset(curl_multi_init());
    if (!multi_) throw std::runtime_error("curl_multi_init failed");
    curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETFUNCTION, &Loop::on_socket);
    curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_.get(), CURLMOPT_TIMERFUNCTION, &Loop::on_timer);
    curl_multi_setopt(multi_.get(), CURLMOPT_TIMERDATA, this);
    curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, options.max_connections);
    idle_.push_back(
        std::make_unique<Transfer>(transfer_options_, options_.rules, heads_));  // its options are known to work

    resolver_ = std::make_unique<Resolver>(options.lookup, [this](Answer answer) {
        const std::lock_guard lock(mutex_);
        inbox_.answers.push_back(std::move(answer));
        wake();
    });
    thread_ = std::thread([this] { run(); });
}

Loop::~Loop() {
    stop();
}

std::unique_ptr<Attempt> Loop::post(std::unique_ptr<Attempt> attempt) {
    const std::lock_guard lock(mutex_);
    if (inbox_.stopping) return attempt;
    const bool first = inbox_.attempts.empty();
    inbox_.attempts.push_back(std::move(attempt));
    if (first) wake();
    return nullptr;
}

void Loop::stop() {
    {
        const std::lock_guard lock(mutex_);
        inbox_.stopping = true;
        wake();
    }
    if (thread_.joinable()) thread_.join();
    resolver_->stop();
    idle_.clear();
    multi_.reset();  // closes the connections
}

void Loop::wake() const {
    const std::uint64_t one = 1;
    (void)!::write(event_.fd, &one, sizeof one);  // fails only when it is awake already
}

int Loop::on_socket(CURL*, curl_socket_t socket, int what, void* self, void* known) {
    auto& loop = *static_cast<Loop*>(self);
    if (what == CURL_POLL_REMOVE) {
        ::epoll_ctl(loop.epoll_.fd, EPOLL_CTL_DEL, socket, nullptr);
        curl_multi_assign(loop.multi_.get(), socket, nullptr);
        return 0;
    }
    epoll_event event{.events = 0, .data = {.fd = socket}};
    if ((what & CURL_POLL_IN) != 0) event.events |= EPOLLIN;
    if ((what & CURL_POLL_OUT) != 0) event.events |= EPOLLOUT;
    if (::epoll_ctl(loop.epoll_.fd, known == nullptr ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, socket, &event) != 0)
        return -1;  // libcurl fails the transfers of that socket
    curl_multi_assign(loop.multi_.get(), socket, self);
    return 0;
}

int Loop::on_timer(CURLM*, long wait, void* self) {
    auto& due = static_cast<Loop*>(self)->curl_due_;
    if (wait < 0)
        due.reset();
    else
        due = now() + milliseconds(wait);
    return 0;
}

// Milliseconds until the next timer, rounded up; -1: only an event wakes us.
int Loop::wait_for() const {
    std::optional<Time> next = curl_due_;
    if (!timers_.empty() && (!next || timers_.begin()->first < *next)) next = timers_.begin()->first;
    if (!next) return -1;
    const auto left = std::chrono::ceil<milliseconds>(*next - now()).count();
    return static_cast<int>(std::clamp<decltype(left)>(left, 0, std::numeric_limits<int>::max()));
}

void Loop::run() {
    // OpenSSL writes to sockets that the peer has closed; the process may not have ignored SIGPIPE.
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    pthread_setname_np(pthread_self(), "forwarder");

    std::array<epoll_event, 64> events{};
    while (true) {
        const int count = ::epoll_wait(epoll_.fd, events.data(), static_cast<int>(events.size()), wait_for());
        for (int i = 0; i < count; ++i) {
            const auto& event = events[static_cast<std::size_t>(i)];
            if (event.data.fd == event_.fd) {
                std::uint64_t drained = 0;
                (void)!::read(event_.fd, &drained, sizeof drained);
                continue;
            }
            int what = 0;
            if ((event.events & EPOLLIN) != 0) what |= CURL_CSELECT_IN;
            if ((event.events & EPOLLOUT) != 0) what |= CURL_CSELECT_OUT;
            if ((event.events & (EPOLLERR | EPOLLHUP)) != 0) what |= CURL_CSELECT_ERR;
            act(event.data.fd, what);
        }
        if (!take_inbox()) return end_all();
        if (curl_due_ && *curl_due_ <= now()) {
            curl_due_.reset();
            act(CURL_SOCKET_TIMEOUT, 0);
        }
        expire();
    }
}

bool Loop::take_inbox() {
    Inbox taken;
    {
        const std::lock_guard lock(mutex_);
        std::swap(taken.attempts, inbox_.attempts);
        std::swap(taken.answers, inbox_.answers);
        taken.stopping = inbox_.stopping;
    }
    for (const auto& answer : taken.answers) answered(answer);
    for (auto& attempt : taken.attempts) begin(std::move(attempt));
    return !taken.stopping;
}

void Loop::begin(std::unique_ptr<Attempt> owned) {
    Attempt& attempt = *owned;
    attempts_.emplace(&attempt, std::move(owned));
    if (attempt.fault != nullptr) return fail(attempt, attempt.fault, attempt.detail);
    if (attempt.target.literal) return connect(attempt, {});
    const auto time = now();
    auto& name = names_.at(attempt.target.host, time);
    if (!name.asking && name.expires > time) return connect(attempt, name.addresses);
    if (!name.asking) {
        if (!resolver_->ask(attempt.target.host))
            return fail(attempt, "dns_unavailable", "too many names are being looked up");
        name.asking = true;
    }
    name.waiting.push_back(&attempt);
    set_due(attempt, std::min(attempt.deadline, attempt.sent + options_.resolve_timeout));
}

void Loop::answered(const Answer& answer) {
    // A failure is not kept: the next attempt asks again.
    const auto expires = answer.addresses.empty() ? Time{} : now() + options_.name_life;
    if (!answer.unavailable) name_server_spoke_ = now();
    for (Attempt* attempt : names_.answered(answer, expires)) {
        set_due(*attempt, std::nullopt);
        attempt->resolved = since(attempt->sent);
        if (answer.unavailable)
            fail_name(*attempt, answer.error);
        else if (answer.addresses.empty())
            fail(*attempt, "dns_failed", answer.error);
        else
            connect(*attempt, answer.addresses);
    }
}

// Nobody answered for this name. When the name server spoke of another one meanwhile, it is the name's own trouble.
void Loop::fail_name(Attempt& attempt, std::string detail) {
    fail(attempt, name_server_spoke_ > attempt.sent ? "dns_failed" : "dns_unavailable", std::move(detail));
}

void Loop::connect(Attempt& attempt, const std::vector<Address>& addresses) {
    for (const auto& address : addresses)  // one forbidden answer refuses the name
        if (const char* what = options_.rules.refusal(address))
            return fail(attempt, "forbidden_address", address.text() + " is " + what);
    const auto left = std::chrono::ceil<milliseconds>(attempt.deadline - now());
    if (left.count() <= 0) return fail(attempt, "timeout_connect", "the deadline passed before it was sent");
    try {
        if (idle_.empty()) {
            attempt.transfer = std::make_unique<Transfer>(transfer_options_, options_.rules, heads_);
        } else {
            attempt.transfer = std::move(idle_.back());
            idle_.pop_back();
        }
    } catch (const std::exception& failure) {
        return fail(attempt, "own_fault", failure.what());
    }
    attempt.begun = now();
    CURL* easy = attempt.transfer->handle();
    if (!attempt.transfer->prepare(attempt.target, addresses, attempt.request, left, sessions_of(attempt.target)) ||
        curl_easy_setopt(easy, CURLOPT_PRIVATE, &attempt) != CURLE_OK ||
        curl_multi_add_handle(multi_.get(), easy) != CURLM_OK)
        return fail(attempt, "own_fault", "libcurl refused the transfer");
}

void Loop::act(curl_socket_t socket, int events) {
    int running = 0;
    curl_multi_socket_action(multi_.get(), socket, events, &running);
    const auto attempt_of = [](CURL* easy) {
        char* attempt = nullptr;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &attempt);
        return reinterpret_cast<Attempt*>(attempt);
    };
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left))
        if (message->msg == CURLMSG_DONE) finish(*attempt_of(message->easy_handle), message->data.result);
    for (CURL* easy : heads_)
        if (Attempt* attempt = attempt_of(easy))  // null: it has finished already
            set_due(*attempt, std::min(attempt->deadline, now() + options_.body_patience));
    heads_.clear();
}

void Loop::expire() {
    const auto time = now();
    while (!timers_.empty() && timers_.begin()->first <= time) {
        Attempt& attempt = *timers_.begin()->second;
        if (attempt.transfer) {
            finish(attempt, CURLE_OPERATION_TIMEDOUT);
        } else {
            const auto& host = attempt.target.host;
            const auto began = resolver_->began(host);
            if (!names_.forget(host, &attempt) && resolver_->forget(host)) names_.not_asked(host);
            // What it waited for a thread of ours says nothing about the name.
            if (began && time - *began >= *began - attempt.sent)
                fail_name(attempt, "no answer in time");
            else
                fail(attempt, "dns_unavailable", "no look-up was free in time");
        }
    }
}

void Loop::set_due(Attempt& attempt, std::optional<Time> due) {
    if (attempt.due) timers_.erase({*attempt.due, &attempt});
    attempt.due = due;
    if (due) timers_.emplace(*due, &attempt);
}

void Loop::finish(Attempt& attempt, CURLcode code) {
    auto result = attempt.transfer->result(code);
    const auto before = std::chrono::duration_cast<std::chrono::microseconds>(attempt.begun - attempt.sent);
    for (auto* phase : {&result.connected, &result.secured})
        if (phase->count() > 0) *phase += before;
    if (attempt.transfer->head_complete())
        result.answered =
            std::chrono::duration_cast<std::chrono::microseconds>(attempt.transfer->answered() - attempt.sent);
    complete(attempt, std::move(result));
}

void Loop::fail(Attempt& attempt, const char* code, std::string detail) {
    AttemptResult result;
    result.code = code;
    result.detail = std::move(detail);
    complete(attempt, std::move(result));
}

void Loop::complete(Attempt& attempt, AttemptResult result) {
    set_due(attempt, std::nullopt);
    if (attempt.transfer) {
        curl_easy_setopt(attempt.transfer->handle(), CURLOPT_PRIVATE, nullptr);
        curl_multi_remove_handle(multi_.get(), attempt.transfer->handle());
        attempt.transfer->reset();
        if (idle_.size() < kIdleTransfers) idle_.push_back(std::move(attempt.transfer));
    }
    const auto found = attempts_.find(&attempt);
    const auto owned = std::move(found->second);
    attempts_.erase(found);
    result.resolved = owned->resolved;
    result.took = since(owned->sent);
    owned->done(std::move(result));
}

void Loop::end_all() {
    while (!attempts_.empty()) {
        Attempt& attempt = *attempts_.begin()->second;
        if (attempt.transfer && attempt.transfer->head_complete())
            finish(attempt, CURLE_OK);
        else
            fail(attempt, "stopped", "the server stops");
    }
}

CURLSH* Loop::sessions_of(const Target& target) {
    auto& share = sessions_[(std::hash<std::string>{}(target.host) + target.port) % sessions_.size()];
    if (!share) {
        share.reset(curl_share_init());
        if (share) curl_share_setopt(share.get(), CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    }
    return share.get();
}

}  // namespace switchhook::https
