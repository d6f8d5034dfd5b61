// Usage: bench_front [WORKERS]. Prints its port, answers every request 200 with an empty body until its input closes,
// and then says how much processor time each request has cost.
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>

#include "core/http/front.hpp"

namespace {

class NoLog final : public switchhook::Log {
    void write(switchhook::Level, std::string_view, std::span<const switchhook::Field>) override {}
};

double micros(const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
}

}  // namespace

int main(int argc, char** argv) {
    NoLog log;
    switchhook::http::FrontSettings settings;
    settings.host = "127.0.0.1";
    settings.port = 0;
    if (argc > 1) settings.workers = std::strtoul(argv[1], nullptr, 10);
    switchhook::http::Front front(
        settings, [](switchhook::http::Request, switchhook::http::Exchange exchange) { exchange.answer({}); }, log);
    if (const auto started = front.start(); !started.ok()) {
        std::fprintf(stderr, "%s\n", started.message().c_str());
        return 70;
    }
    std::printf("%u\n", static_cast<unsigned>(front.port()));
    std::fflush(stdout);
    while (std::getchar() != EOF) {
    }
    front.stop(std::chrono::seconds(1));
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto requests = static_cast<double>(front.figures().requests);
    std::printf("%.0f requests, %.2f us user + %.2f us system each, %ld voluntary switches\n", requests,
                micros(usage.ru_utime) / requests, micros(usage.ru_stime) / requests, usage.ru_nvcsw);
    return 0;
}
