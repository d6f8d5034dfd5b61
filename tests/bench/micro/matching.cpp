#include <array>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <switchhook/testkit/fake_host.hpp>

#include "plugins/matcher_sip_host/sip_host_matcher.hpp"
#include "plugins/matcher_wildcard/wildcard_matcher.hpp"

namespace switchhook::bench {
namespace {

std::string tenant(std::size_t number) {
    return "tenant-" + std::to_string(number) + ".example.com";
}

struct Call {
    explicit Call(const std::string& host)
        : to("\"Front Desk\" <sip:+15551230001@" + host + ";user=phone>;tag=SCL_GPb8nTwVy2yF"),
          attributes{
              {{"sip.callID", "SCL_GPb8nTwVy2yF"}, {"sip.h.from", "<sip:+15557654321@127.0.0.1>"}, {"sip.h.to", to}}} {}
    std::string to;
    std::array<Attribute, 3> attributes;
};

// Hooks 10, 10 k, 1 M. The calls go round over that many hosts, spread over the whole table: with 64 the look-up itself
// is seen, with 4096 also what the processor's caches and page tables make of a table of 100 MB.
template <typename M>
void match(benchmark::State& state, const std::string& host_prefix, const std::string& call_prefix) {
    testkit::FakeHost host;
    M matcher(Settings({{"headers", std::vector<std::string>{"x-to-ip", "to"}}}), host);
    const auto count = static_cast<std::size_t>(state.range(0));
    std::vector<Hook> hooks(count);
    for (std::size_t i = 0; i < count; ++i) {
        hooks[i].id = i + 1;
        hooks[i].host = host_prefix + tenant(i);
    }
    const auto index = matcher.index(hooks);
    std::mt19937_64 random(1);
    std::vector<std::unique_ptr<Call>> calls;
    for (std::int64_t i = 0; i < state.range(1); ++i)
        calls.push_back(std::make_unique<Call>(call_prefix + tenant(random() % count)));
    std::size_t next = 0;
    for (auto _ : state) {
        Event event;
        event.attributes = calls[next++ % calls.size()]->attributes;
        Matches matches;
        index->find(event, matches);
        if (matches.hooks.size() != 1) state.SkipWithError("the hook was not found");
        benchmark::DoNotOptimize(matches);
    }
}

void match_sip_host(benchmark::State& state) {
    match<matcher::SipHostMatcher>(state, "", "");
}
BENCHMARK(match_sip_host)->ArgNames({"hooks", "hosts"})->ArgsProduct({{10, 10'000, 1'000'000}, {64, 4096}});

void match_wildcard(benchmark::State& state) {
    match<matcher::WildcardMatcher>(state, "*.", "sip.");
}
BENCHMARK(match_wildcard)->ArgNames({"hooks", "hosts"})->ArgsProduct({{10, 10'000, 1'000'000}, {64, 4096}});

}  // namespace
}  // namespace switchhook::bench
