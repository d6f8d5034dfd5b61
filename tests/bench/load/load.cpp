// A load generator for the webhook endpoint: plays the recorded simple call over and over with fresh ids, as LiveKit
// would: the events of a call one after the other, calls in parallel on kept-alive connections. Everything is signed
// before the clock starts, so that it takes little of the two cores.
//
//     bench_load PORT CONNECTIONS FIRST_CALL CALLS RECORDING.jsonl [rate=EVENTS_PER_SECOND] [hosts=NAME,...]
//     [notes=FILE]
//
// FIRST_CALL: number of the first call; ids are made from it. rate: open loop: calls begin one after the other at even
// distances, at any time CONNECTIONS of them are under way, each at another of its events; absent: as fast as the
// answers come.
// hosts: of the called SIP addresses, in turn; absent: customer-a.com.
// notes: a line for each event: id, number of the event in its call, number of its host, and when it was due, sent and
// answered (CLOCK_MONOTONIC, ns; due is sent in a closed loop). Prints one line of JSON.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <map>
#include <numeric>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "recorded_call.hpp"

namespace {

using Nanos = std::int64_t;

// The clock of bench_sink too: CLOCK_MONOTONIC is one for all processes.
Nanos now() {
    return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

struct Options {
    std::uint16_t port = 0;
    std::size_t connections = 0;
    std::size_t first_call = 0;
    std::size_t calls = 0;
    const char* recording = nullptr;
    double rate = 0;
    std::vector<std::string> hosts;
    std::string notes;
};

Options options_of(int count, char** given) {
    if (count < 6) {
        std::fprintf(stderr,
                     "usage: bench_load PORT CONNECTIONS FIRST_CALL CALLS RECORDING.jsonl [rate=N] [hosts=A,B] "
                     "[notes=FILE]\n");
        std::exit(64);
    }
    Options options{.port = static_cast<std::uint16_t>(std::atoi(given[1])),
                    .connections = std::strtoull(given[2], nullptr, 10),
                    .first_call = std::strtoull(given[3], nullptr, 10),
                    .calls = std::strtoull(given[4], nullptr, 10),
                    .recording = given[5],
                    .hosts = {},
                    .notes = {}};
    for (int at = 6; at < count; ++at) {
        const std::string_view text = given[at];
        if (text.starts_with("rate=")) options.rate = std::atof(given[at] + 5);
        if (text.starts_with("hosts=")) {
            std::istringstream names(given[at] + 6);
            for (std::string name; std::getline(names, name, ',');) options.hosts.push_back(name);
        }
        if (text.starts_with("notes=")) options.notes = text.substr(6);
    }
    if (options.hosts.empty()) options.hosts.emplace_back("customer-a.com");
    return options;
}

struct Event {
    bench::WebhookRequest request;
    std::size_t number = 0;  // in its call
    std::size_t host = 0;
    Nanos due = 0;
    Nanos sent = 0;
    Nanos answered = 0;
};

struct Connection {
    int socket = -1;
    std::vector<Event> events;
    std::size_t due = 0;  // events that may leave
    std::size_t sent = 0;
    std::size_t answered = 0;
    std::string answer;
};

int connect_to(std::uint16_t port) {
    const int made = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(made, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        std::perror("connect");
        std::exit(69);
    }
    const int on = 1;
    ::setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return made;
}

class Load {
public:
    explicit Load(Options options) : options_(std::move(options)), connections_(options_.connections) {
        const bench::RecordedCall recorded(options_.recording);
        const std::time_t second = std::time(nullptr);
        for (std::size_t at = 0; at < options_.calls; ++at) {
            const std::size_t host = at % options_.hosts.size();
            auto& events = connections_[at % connections_.size()].events;
            for (std::size_t number = 0; number < recorded.size(); ++number)
                events.push_back(
                    {.request = recorded.request(options_.first_call + at, number, options_.hosts[host], second),
                     .number = number,
                     .host = host});
        }
        call_size_ = recorded.size();
        total_ = options_.calls * call_size_;
        poll_ = ::epoll_create1(0);
        timer_ = ::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
        watch(timer_, kTimer);
        for (std::size_t index = 0; index < connections_.size(); ++index) {
            connections_[index].socket = connect_to(options_.port);
            watch(connections_[index].socket, index);
        }
    }

    // 0, or an exit code.
    int run() {
        ::prctl(PR_SET_TIMERSLACK, 1);
        began_ = now();
        set_due_times();
        std::vector<epoll_event> happened(connections_.size() + 1);
        send_what_is_due();
        while (answered_ < total_) {
            const int ready = ::epoll_wait(poll_, happened.data(), static_cast<int>(happened.size()), 10'000);
            if (ready == 0) {
                std::fprintf(stderr, "no answer for 10 s, %zu of %zu answered\n", answered_, total_);
                return 69;
            }
            for (int at = 0; at < ready; ++at) {
                const std::uint64_t index = happened[static_cast<std::size_t>(at)].data.u64;
                if (index == kTimer)
                    quiet_timer();
                else if (!hear(connections_[index]))
                    return 69;
            }
            send_what_is_due();
        }
        ended_ = now();
        return 0;
    }

    void report() const {
        std::vector<Nanos> took;
        for (const auto& connection : connections_)
            for (const auto& event : connection.events)
                if (event.answered != 0) took.push_back(event.answered - event.due);
        std::sort(took.begin(), took.end());
        const auto quantile = [&](double part) {
            return took.empty() ? 0
                                : took[static_cast<std::size_t>(part * static_cast<double>(took.size() - 1))] / 1000;
        };
        const double seconds = static_cast<double>(ended_ - began_) / 1e9;
        std::printf(
            "{\"requests\": %zu, \"seconds\": %.3f, \"per_second\": %.0f, \"p50_us\": %ld, \"p99_us\": %ld, "
            "\"began_ns\": %ld, \"ended_ns\": %ld, \"statuses\": {",
            answered_, seconds, static_cast<double>(answered_) / seconds, quantile(0.5), quantile(0.99), began_,
            ended_);
        const char* comma = "";
        for (const auto& [status, count] : statuses_) {
            std::printf("%s\"%d\": %zu", comma, status, count);
            comma = ", ";
        }
        std::printf("}}\n");
        if (!options_.notes.empty()) write_notes();
    }

private:
    static constexpr std::uint64_t kTimer = ~std::uint64_t{0};

    void watch(int socket, std::uint64_t index) const {
        epoll_event interest{.events = EPOLLIN, .data = {.u64 = index}};
        ::epoll_ctl(poll_, EPOLL_CTL_ADD, socket, &interest);
    }

    // Open loop: call c has its event k in slot c * size + k * gap, and with a gap that has no divisor in common with
    // the size of a call no two events share a slot. A connection's calls do not overlap: the gap is less than the
    // number of connections.
    void set_due_times() {
        if (options_.rate <= 0) {
            for (auto& connection : connections_) {
                connection.due = connection.events.size();
                send_next(connection);
            }
            return;
        }
        std::size_t gap = std::max<std::size_t>(connections_.size() - 1, 1);
        while (std::gcd(gap, call_size_) != 1) --gap;
        for (std::size_t index = 0; index < connections_.size(); ++index) {
            auto& events = connections_[index].events;
            for (std::size_t at = 0; at < events.size(); ++at) {
                const std::size_t call = at / call_size_ * connections_.size() + index;
                const auto slot = static_cast<double>(call * call_size_ + events[at].number * gap);
                events[at].due = began_ + static_cast<Nanos>(slot / options_.rate * 1e9);
                timetable_.emplace_back(events[at].due, index);
            }
        }
        std::sort(timetable_.begin(), timetable_.end());
    }

    // An event whose connection still waits for an answer is late, and its latency is counted from when it was due.
    void send_what_is_due() {
        for (; due_ < timetable_.size(); ++due_) {
            const auto [due, index] = timetable_[due_];
            if (due > now()) {
                const itimerspec when{.it_interval = {}, .it_value = {due / 1'000'000'000, due % 1'000'000'000}};
                ::timerfd_settime(timer_, TFD_TIMER_ABSTIME, &when, nullptr);
                return;
            }
            auto& connection = connections_[index];
            ++connection.due;
            if (connection.answered == connection.sent) send_next(connection);
        }
    }

    void quiet_timer() const {
        std::uint64_t expirations = 0;
        [[maybe_unused]] const ssize_t count = ::read(timer_, &expirations, sizeof expirations);
    }

    static void send_next(Connection& connection) {
        if (connection.sent == connection.due) return;
        auto& event = connection.events[connection.sent++];
        event.sent = now();
        if (event.due == 0) event.due = event.sent;
        const std::string& text = event.request.bytes;
        for (std::size_t sent = 0; sent < text.size();) {
            const ssize_t count = ::send(connection.socket, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
            if (count <= 0) {
                std::perror("send");
                std::exit(69);
            }
            sent += static_cast<std::size_t>(count);
        }
    }

    bool hear(Connection& connection) {
        char buffer[4096];
        const ssize_t count = ::recv(connection.socket, buffer, sizeof buffer, 0);
        if (count <= 0) {
            std::fprintf(stderr, "the server closed a connection\n");
            return false;
        }
        connection.answer.append(buffer, static_cast<std::size_t>(count));
        if (connection.answer.find("\r\n\r\n") == std::string::npos) return true;  // answers have no body
        ++statuses_[std::atoi(connection.answer.c_str() + 9)];
        connection.answer.clear();
        connection.events[connection.answered++].answered = now();
        ++answered_;
        send_next(connection);
        return true;
    }

    void write_notes() const {
        std::ofstream out(options_.notes);
        for (const auto& connection : connections_)
            for (const auto& event : connection.events)
                out << event.request.event_id << ' ' << event.number << ' ' << event.host << ' ' << event.due << ' '
                    << event.sent << ' ' << event.answered << '\n';
    }

    Options options_;
    std::vector<Connection> connections_;
    std::size_t call_size_ = 0;
    std::size_t total_ = 0;
    std::size_t answered_ = 0;
    std::vector<std::pair<Nanos, std::size_t>> timetable_;  // when, and on which connection
    std::size_t due_ = 0;                                   // of the timetable
    std::map<int, std::size_t> statuses_;
    Nanos began_ = 0;
    Nanos ended_ = 0;
    int poll_ = -1;
    int timer_ = -1;
};

}  // namespace

int main(int count, char** given) {
    Load load(options_of(count, given));
    const int code = load.run();
    load.report();
    return code;
}
