// A tenant's endpoint that is cheap and exact: one thread, TLS on epoll, kept-alive HTTP/1.1; notes when each request
// was complete.
//
//     bench_sink CERTIFICATE.pem KEY.pem PORT BEHAVIOUR NOTES
//
// PORT: 0 takes a free one, which is printed. Each byte on standard input is answered with the number of requests so
// far. NOTES: a file that is written when standard input closes, a line for each
// request: webhook-id, path, when it was complete and when its answer began (CLOCK_MONOTONIC, ns; 0: never).
// BEHAVIOUR: well (200 at once), hang (never an answer), trickle (a byte of a head without end each 100 ms),
// status_500, flood (200 and a body without end), retry_after (503 and "Retry-After: 1" to a first attempt, 200 to the
// second).
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace {

using Nanos = std::int64_t;

constexpr std::string_view kWell = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
constexpr std::string_view kBroken = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n";
constexpr std::string_view kLater = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n";
constexpr std::string_view kTricklingHead = "HTTP/1.1 200 OK\r\nX-Slow: ";
constexpr std::string_view kFloodingHead = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n";
constexpr std::chrono::milliseconds kTrickle{100};
constexpr int kFloodAtOnce = 64;  // times 16 KiB

Nanos now() {
    return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

struct OpenSslFree {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(SSL* ssl) const { SSL_free(ssl); }
};

struct Note {
    std::string id;
    std::string path;
    Nanos complete = 0;
    Nanos answered = 0;
};

enum class Behaviour { well, hang, trickle, status_500, flood, retry_after };

Behaviour behaviour_of(std::string_view name) {
    if (name == "well") return Behaviour::well;
    if (name == "hang") return Behaviour::hang;
    if (name == "trickle") return Behaviour::trickle;
    if (name == "status_500") return Behaviour::status_500;
    if (name == "flood") return Behaviour::flood;
    if (name == "retry_after") return Behaviour::retry_after;
    std::fprintf(stderr, "no such behaviour: %s\n", std::string(name).c_str());
    std::exit(64);
}

// The value of a header, without the blanks before it; `name` in lower case.
std::string_view header(std::string_view head, std::string_view name) {
    for (std::size_t at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at)) {
        at += 2;
        if (head.size() - at <= name.size() || head[at + name.size()] != ':') continue;
        bool same = true;
        for (std::size_t i = 0; i < name.size() && same; ++i)
            same = std::tolower(static_cast<unsigned char>(head[at + i])) == name[i];
        if (!same) continue;
        std::string_view value = head.substr(at + name.size() + 1);
        value = value.substr(0, value.find("\r\n"));
        return value.substr(std::min(value.find_first_not_of(' '), value.size()));
    }
    return {};
}

struct Peer {
    int socket = -1;
    std::unique_ptr<SSL, OpenSslFree> ssl;
    std::string in;
    std::string out;
    bool floods = false;
    bool trickles = false;
    bool waits_to_write = false;
};

class Sink {
public:
    Sink(const char* certificate, const char* key, std::uint16_t port, Behaviour behaviour)
        : context_(SSL_CTX_new(TLS_server_method())), behaviour_(behaviour) {
        if (SSL_CTX_use_certificate_file(context_.get(), certificate, SSL_FILETYPE_PEM) != 1 ||
            SSL_CTX_use_PrivateKey_file(context_.get(), key, SSL_FILETYPE_PEM) != 1) {
            ERR_print_errors_fp(stderr);
            std::exit(70);
        }
        SSL_CTX_set_mode(context_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        const int on = 1;
        ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
            ::listen(listener_, 1024) != 0) {
            std::perror("listen");
            std::exit(69);
        }
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
        poll_ = ::epoll_create1(0);
        watch(listener_, EPOLLIN);
        watch(STDIN_FILENO, EPOLLIN);
        if (behaviour_ == Behaviour::trickle) {
            timer_ = ::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
            const timespec each{.tv_sec = 0, .tv_nsec = std::chrono::nanoseconds(kTrickle).count()};
            const itimerspec when{.it_interval = each, .it_value = each};
            ::timerfd_settime(timer_, 0, &when, nullptr);
            watch(timer_, EPOLLIN);
        }
        std::printf("%u\n", static_cast<unsigned>(ntohs(address.sin_port)));
        std::fflush(stdout);
    }

    // Until standard input closes.
    void run() {
        while (true) {
            std::array<epoll_event, 256> happened{};
            const int count = ::epoll_wait(poll_, happened.data(), static_cast<int>(happened.size()), -1);
            for (int i = 0; i < count; ++i) {
                const int socket = happened[static_cast<std::size_t>(i)].data.fd;
                if (socket == STDIN_FILENO && !say_count()) return;
                if (socket == listener_)
                    accept();
                else if (socket == timer_)
                    trickle();
                else if (const auto found = peers_.find(socket); found != peers_.end() && !serve(found->second))
                    drop(socket);
            }
        }
    }

    void write_notes(const char* file) const {
        std::ofstream out(file);
        for (const auto& note : notes_)
            out << note.id << ' ' << note.path << ' ' << note.complete << ' ' << note.answered << '\n';
    }

private:
    void watch(int socket, std::uint32_t what) const {
        epoll_event interest{.events = what, .data = {.fd = socket}};
        if (::epoll_ctl(poll_, EPOLL_CTL_ADD, socket, &interest) != 0)
            ::epoll_ctl(poll_, EPOLL_CTL_MOD, socket, &interest);
    }

    // false: the input has closed.
    bool say_count() const {
        char asked = 0;
        if (::read(STDIN_FILENO, &asked, 1) <= 0) return false;
        std::printf("%zu\n", notes_.size());
        std::fflush(stdout);
        return true;
    }

    void drop(int socket) {
        peers_.erase(socket);
        ::close(socket);
    }

    void accept() {
        for (int socket = 0; (socket = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK)) >= 0;) {
            const int on = 1;
            ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            Peer& peer = peers_[socket];
            peer.socket = socket;
            peer.ssl.reset(SSL_new(context_.get()));
            SSL_set_fd(peer.ssl.get(), socket);
            SSL_set_accept_state(peer.ssl.get());
            watch(socket, EPOLLIN);
        }
    }

    // false: the peer has gone.
    bool serve(Peer& peer) {
        ERR_clear_error();
        std::array<char, 16384> buffer{};
        int count = 0;
        while ((count = SSL_read(peer.ssl.get(), buffer.data(), static_cast<int>(buffer.size()))) > 0)
            peer.in.append(buffer.data(), static_cast<std::size_t>(count));
        if (const int error = SSL_get_error(peer.ssl.get(), count);
            error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
            return false;
        hear(peer);
        return write(peer);
    }

    void hear(Peer& peer) {
        for (std::size_t end = 0; (end = peer.in.find("\r\n\r\n")) != std::string::npos;) {
            const auto head = std::string_view(peer.in).substr(0, end);
            const std::size_t size = end + 4 + std::strtoull(header(head, "content-length").data(), nullptr, 10);
            if (peer.in.size() < size) return;
            const std::size_t path = head.find(' ') + 1;
            Note note{.id = std::string(header(head, "webhook-id")),
                      .path = std::string(head.substr(path, head.find(' ', path) - path)),
                      .complete = now()};
            peer.in.erase(0, size);
            answer(peer, note);
            notes_.push_back(std::move(note));
        }
    }

    void answer(Peer& peer, Note& note) {
        switch (behaviour_) {
            case Behaviour::hang:
                return;
            case Behaviour::trickle:
                peer.trickles = true;
                peer.out += kTricklingHead;
                return;
            case Behaviour::flood:
                peer.floods = true;
                peer.out += kFloodingHead;
                return;
            case Behaviour::well:
                peer.out += kWell;
                break;
            case Behaviour::status_500:
                peer.out += kBroken;
                break;
            case Behaviour::retry_after:
                peer.out += seen_.insert(note.id).second ? kLater : kWell;
                break;
        }
        note.answered = now();  // before, so that a peer that is quick is not early
        (void)write(peer);
    }

    // false: the peer has gone.
    bool write(Peer& peer) {
        for (int written = 0; !peer.out.empty() || peer.floods; ++written) {
            if (peer.out.empty()) peer.out.assign(16384, 'x');
            if (written == kFloodAtOnce) break;  // others have their turn
            ERR_clear_error();
            const int count = SSL_write(peer.ssl.get(), peer.out.data(), static_cast<int>(peer.out.size()));
            if (count > 0) {
                peer.out.erase(0, static_cast<std::size_t>(count));
                continue;
            }
            if (SSL_get_error(peer.ssl.get(), count) != SSL_ERROR_WANT_WRITE) return false;
            break;
        }
        const bool waits = !peer.out.empty() || peer.floods;
        if (std::exchange(peer.waits_to_write, waits) != waits)
            watch(peer.socket, waits ? EPOLLIN | EPOLLOUT : EPOLLIN);
        return true;
    }

    void trickle() {
        std::uint64_t expirations = 0;
        if (::read(timer_, &expirations, sizeof expirations) < 0) return;
        for (auto at = peers_.begin(); at != peers_.end();) {
            Peer& peer = (at++)->second;
            if (!peer.trickles) continue;
            peer.out += 'x';
            if (!write(peer)) drop(peer.socket);
        }
    }

    std::unique_ptr<SSL_CTX, OpenSslFree> context_;
    Behaviour behaviour_;
    int listener_ = -1;
    int poll_ = -1;
    int timer_ = -1;
    std::unordered_map<int, Peer> peers_;
    std::unordered_set<std::string> seen_;
    std::deque<Note> notes_;
};

}  // namespace

int main(int count, char** given) {
    if (count != 6) {
        std::fprintf(stderr, "usage: bench_sink CERTIFICATE.pem KEY.pem PORT BEHAVIOUR NOTES\n");
        return 64;
    }
    ::signal(SIGPIPE, SIG_IGN);
    Sink sink(given[1], given[2], static_cast<std::uint16_t>(std::atoi(given[3])), behaviour_of(given[4]));
    sink.run();
    sink.write_notes(given[5]);
    return 0;
}
