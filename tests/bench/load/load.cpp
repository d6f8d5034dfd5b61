// A load generator for the webhook endpoint: plays the recorded simple call over and over with fresh ids, as LiveKit
// would: the ten events of a call one after the other, calls in parallel on kept-alive connections. Everything is
// signed before the clock starts, so that it takes little of the two cores.
//
//     bench_load PORT CONNECTIONS CALLS RECORDING.jsonl [RATE]
//
// RATE: events per second in all, open loop; absent: as fast as the answers come. Prints one line of JSON.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace {

using Steady = std::chrono::steady_clock;

std::string base64(const unsigned char* data, std::size_t size) {
    std::string text(4 * ((size + 2) / 3) + 1, '\0');
    text.resize(static_cast<std::size_t>(
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), data, static_cast<int>(size))));
    return text;
}

std::string base64url(const std::string& bytes) {
    std::string text = base64(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
    std::replace(text.begin(), text.end(), '+', '-');
    std::replace(text.begin(), text.end(), '/', '_');
    text.erase(std::find(text.begin(), text.end(), '='), text.end());
    return text;
}

std::string token(const std::string& body, std::time_t now) {
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256(reinterpret_cast<const unsigned char*>(body.data()), body.size(), digest);
    const std::string second = std::to_string(now);
    const std::string claims = R"({"iss":"devkey","exp":)" + std::to_string(now + 300) + R"(,"nbf":)" + second +
                               R"(,"iat":)" + second + R"(,"sha256":")" + base64(digest, sizeof digest) + R"("})";
    const std::string text = base64url(R"({"alg":"HS256","typ":"JWT"})") + "." + base64url(claims);
    unsigned char mac[SHA256_DIGEST_LENGTH];
    unsigned int size = sizeof mac;
    HMAC(EVP_sha256(), "secret", 6, reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac, &size);
    return text + "." + base64url(std::string(reinterpret_cast<const char*>(mac), size));
}

// The "body" values of a recording: a JSON string, of which only \" and \\ escapes occur in simple_call.
std::vector<std::string> recorded_bodies(const char* file) {
    std::vector<std::string> bodies;
    std::ifstream lines(file);
    for (std::string line; std::getline(lines, line);) {
        std::string body;
        for (std::size_t at = line.find("\"body\": \"") + 9; line[at] != '"'; ++at) {
            if (line[at] == '\\') ++at;
            body += line[at];
        }
        bodies.push_back(std::move(body));
    }
    return bodies;
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
        text.replace(at, from.size(), to);
}

std::string request(std::string body, const std::string& call, std::size_t number, std::time_t now) {
    for (const char* id : {"maV8trZ57rtx", "QtA7n7hfK6Tu", "Eri7eSMnuA7P", "t32N8TijRqZ2", "i4BCHSuAtSoi"})
        replace_all(body, id, call);
    const std::size_t id = body.find("\"id\":\"EV_") + 9;
    body.replace(id, 12, call.substr(2) + std::to_string(10 + number));
    return "POST /livekit/webhook HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Go-http-client/1.1\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\nAuthorization: " + token(body, now) +
           "\r\nContent-Type: application/webhook+json\r\nAccept-Encoding: gzip\r\n\r\n" + body;
}

struct Connection {
    int socket = -1;
    std::vector<std::string> requests;
    std::size_t next = 0;
    std::string answer;
    Steady::time_point began;
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

void send_next(Connection& connection, Steady::time_point due) {
    const std::string& text = connection.requests[connection.next++];
    connection.began = due;
    for (std::size_t sent = 0; sent < text.size();) {
        const ssize_t count = ::send(connection.socket, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
        if (count <= 0) {
            std::perror("send");
            std::exit(69);
        }
        sent += static_cast<std::size_t>(count);
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 5) {
        std::fprintf(stderr, "usage: bench_load PORT CONNECTIONS CALLS RECORDING.jsonl [EVENTS_PER_SECOND]\n");
        return 64;
    }
    const auto port = static_cast<std::uint16_t>(std::atoi(argv[1]));
    std::vector<Connection> connections(static_cast<std::size_t>(std::atoi(argv[2])));
    const auto calls = static_cast<std::size_t>(std::atoi(argv[3]));
    const auto bodies = recorded_bodies(argv[4]);
    const double rate = argc > 5 ? std::atof(argv[5]) : 0;

    const std::time_t now = std::time(nullptr);
    const auto salt = static_cast<unsigned>(Steady::now().time_since_epoch().count() % 1'000'000);
    for (std::size_t call = 0; call < calls; ++call) {
        char id[32];
        std::snprintf(id, sizeof id, "%06u%06zu", salt, call % 1'000'000);
        auto& requests = connections[call % connections.size()].requests;
        for (std::size_t number = 0; number < bodies.size(); ++number)
            requests.push_back(request(bodies[number], id, number, now));
    }
    const int poll = ::epoll_create1(0);
    for (std::size_t index = 0; index < connections.size(); ++index) {
        connections[index].socket = connect_to(port);
        epoll_event interest{.events = EPOLLIN, .data = {.u64 = index}};
        ::epoll_ctl(poll, EPOLL_CTL_ADD, connections[index].socket, &interest);
    }

    std::map<int, std::size_t> statuses;
    std::vector<std::uint32_t> micros;
    const std::size_t total = calls * bodies.size();
    micros.reserve(total);
    std::size_t answered = 0, started = 0;
    const auto began = Steady::now();
    const auto due_of = [&](std::size_t number) {
        return began + std::chrono::duration_cast<Steady::duration>(
                           std::chrono::duration<double>(static_cast<double>(number) / rate));
    };
    std::vector<std::size_t> idle;
    for (std::size_t index = 0; index < connections.size(); ++index) {
        if (connections[index].requests.empty()) continue;
        if (rate > 0)
            idle.push_back(index);
        else
            send_next(connections[index], Steady::now());
    }
    std::vector<epoll_event> events(connections.size());
    while (answered < total) {
        int patience = 10'000;
        if (rate > 0) {
            while (!idle.empty() && started < total && due_of(started) <= Steady::now()) {
                auto& connection = connections[idle.back()];
                idle.pop_back();
                send_next(connection, due_of(started++));
            }
            if (!idle.empty() && started < total) {
                patience = static_cast<int>(
                    std::chrono::duration_cast<std::chrono::milliseconds>(due_of(started) - Steady::now()).count());
                patience = std::max(patience, 0);
            }
        }
        const int ready = ::epoll_wait(poll, events.data(), static_cast<int>(events.size()), patience);
        if (ready == 0 && patience == 10'000) {
            std::fprintf(stderr, "no answer for 10 s, %zu of %zu answered\n", answered, total);
            break;
        }
        for (int at = 0; at < ready; ++at) {
            const std::size_t index = events[static_cast<std::size_t>(at)].data.u64;
            auto& connection = connections[index];
            char buffer[4096];
            const ssize_t count = ::recv(connection.socket, buffer, sizeof buffer, 0);
            if (count <= 0) {
                std::fprintf(stderr, "the server closed a connection\n");
                return 69;
            }
            connection.answer.append(buffer, static_cast<std::size_t>(count));
            if (connection.answer.find("\r\n\r\n") == std::string::npos) continue;  // answers have no body
            ++statuses[std::atoi(connection.answer.c_str() + 9)];
            connection.answer.clear();
            micros.push_back(static_cast<std::uint32_t>(
                std::chrono::duration_cast<std::chrono::microseconds>(Steady::now() - connection.began).count()));
            ++answered;
            if (connection.next == connection.requests.size()) continue;
            if (rate > 0)
                idle.insert(idle.begin(), index);
            else
                send_next(connection, Steady::now());
        }
    }
    const double seconds = std::chrono::duration<double>(Steady::now() - began).count();
    std::sort(micros.begin(), micros.end());
    const auto quantile = [&](double part) {
        return micros.empty() ? 0U : micros[static_cast<std::size_t>(part * static_cast<double>(micros.size() - 1))];
    };
    std::printf(
        "{\"requests\": %zu, \"seconds\": %.3f, \"per_second\": %.0f, \"p50_us\": %u, \"p99_us\": %u, \"statuses\": {",
        answered, seconds, static_cast<double>(answered) / seconds, quantile(0.5), quantile(0.99));
    const char* comma = "";
    for (const auto& [status, count] : statuses) {
        std::printf("%s\"%d\": %zu", comma, status, count);
        comma = ", ";
    }
    std::printf("}}\n");
    return 0;
}
