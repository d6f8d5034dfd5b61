// The forwarder alone: attempts per second and CPU per attempt to an HTTPS sink on this machine, over kept connections.
// The sink is another process (this program forks), so that its CPU is not counted.
//
//     bench_forward [attempts [in_flight]]      20000 and 64 when not said
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "ca_bundle.hpp"
#include "certificates.hpp"
#include "sender.hpp"

namespace {

using namespace switchhook;
using Clock = std::chrono::steady_clock;

constexpr std::string_view kAnswer = "HTTP/1.1 204 No Content\r\n\r\n";

// One thread, blocking TLS on sockets that have something to say: enough for a sink whose peers are well-behaved.
[[noreturn]] void sink(int listener, const tests::Certificate& certificate) {
    const std::unique_ptr<SSL_CTX, tests::OpenSslFree> context(SSL_CTX_new(TLS_server_method()));
    SSL_CTX_use_certificate(context.get(), certificate.x509.get());
    SSL_CTX_use_PrivateKey(context.get(), certificate.key.get());
    std::map<int, std::unique_ptr<SSL, tests::OpenSslFree>> peers;
    const int epoll = ::epoll_create1(0);
    epoll_event event{.events = EPOLLIN, .data = {.fd = listener}};
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    while (true) {
        std::array<epoll_event, 64> events{};
        const int count = ::epoll_wait(epoll, events.data(), 64, -1);
        for (int i = 0; i < count; ++i) {
            const int fd = events[static_cast<std::size_t>(i)].data.fd;
            if (fd == listener) {
                const int peer = ::accept(listener, nullptr, nullptr);
                auto& ssl = peers[peer];
                ssl.reset(SSL_new(context.get()));
                SSL_set_fd(ssl.get(), peer);
                if (SSL_accept(ssl.get()) != 1) std::_Exit(1);
                event.data.fd = peer;
                ::epoll_ctl(epoll, EPOLL_CTL_ADD, peer, &event);
                continue;
            }
            char request[16384];
            SSL* ssl = peers[fd].get();
            if (SSL_read(ssl, request, sizeof request) > 0) {
                SSL_write(ssl, kAnswer.data(), static_cast<int>(kAnswer.size()));
            } else {
                peers.erase(fd);
                ::close(fd);
            }
        }
    }
}

double cpu_seconds() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct Run {
    https::Sender& sender;
    std::string url;
    std::shared_ptr<const std::string> body;
    int attempts;
    std::atomic<int> sent{0};
    std::atomic<int> done{0};
    std::atomic<int> failed{0};

    // A lane's sender: the next attempt begins when the last one has ended.
    void next() {
        if (sent++ >= attempts) return;
        Request request{url,
                        {{"Content-Type", "application/webhook+json"},
                         {"Authorization", std::string(300, 'x')},
                         {"webhook-id", "EV_djazdi5oSgYZ"}},
                        body};
        sender.send(std::move(request), std::chrono::seconds(10), [this](const AttemptResult& result) {
            if (result.code != "delivered") ++failed;
            next();
            ++done;
            done.notify_one();
        });
    }
};

}  // namespace

int main(int argc, char** argv) {
    const int attempts = argc > 1 ? std::atoi(argv[1]) : 20'000;
    const int in_flight = argc > 2 ? std::atoi(argv[2]) : 64;
    const tests::Authority authority;
    const auto certificate = authority.issue("IP:127.0.0.1");
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener, reinterpret_cast<const sockaddr*>(&address), size) != 0 || ::listen(listener, 1024) != 0)
        return 1;
    ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
    const pid_t child = ::fork();
    if (child == 0) sink(listener, certificate);
    ::close(listener);

    char ca_file[] = "/tmp/switchhook-bench-XXXXXX";
    ::close(::mkstemp(ca_file));
    std::ofstream(ca_file) << authority.pem();
    https::SenderOptions options;
    options.rules = https::AddressRules({*https::Network::parse("127.0.0.0/8")});
    options.system_ca_file = https::CaBundle::system_file();
    options.ca_file = ca_file;
    options.user_agent = "Switchhook/bench";
    https::Sender sender(options);
    if (const auto status = sender.start(); !status) {
        std::fprintf(stderr, "%s\n", status.message().c_str());
        return 1;
    }
    const std::string url = "https://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/events";
    const auto body = std::make_shared<const std::string>(1200, 'x');
    for (const int count : {in_flight * 10, attempts}) {  // the first run opens the connections
        Run run{sender, url, body, count};
        const auto began = Clock::now();
        const double cpu = cpu_seconds();
        for (int i = 0; i < in_flight; ++i) run.next();
        for (int seen = run.done; seen < count; seen = run.done) run.done.wait(seen);
        const double took = std::chrono::duration<double>(Clock::now() - began).count();
        if (count == attempts)
            std::printf("forward: %.0f delivered/s, %.1f us CPU per delivery, %d in flight, %d failed of %d\n",
                        count / took, (cpu_seconds() - cpu) / count * 1e6, in_flight, run.failed.load(), count);
    }
    sender.stop();
    ::unlink(ca_file);
    ::kill(child, SIGTERM);
    ::waitpid(child, nullptr, 0);
}
