#include <benchmark/benchmark.h>
#include <switchhook/sip_host.hpp>
#include <switchhook/testkit/fake_host.hpp>

#include "core/livekit/reader.hpp"
#include "core/livekit/verifier.hpp"
#include "events.hpp"
#include "tests/unit/livekit/signing.hpp"

namespace switchhook::bench {
namespace {

constexpr std::int64_t kNow = 1'795'329'482;

void verify(benchmark::State& state) {
    const testkit::ManualClock clock(kNow * 1000);
    const livekit::Verifier verifier({{"devkey", "secret"}}, clock);
    const auto body = joined_body();
    const auto token = livekit::test::sign(livekit::test::claims_for(body, "devkey", kNow), "secret");
    if (verifier.verify(token, body) != livekit::Verdict::ok) state.SkipWithError("the token was refused");
    for (auto _ : state) benchmark::DoNotOptimize(verifier.verify(token, body));
    state.counters["body"] = static_cast<double>(body.size());
}
BENCHMARK(verify);

void read(benchmark::State& state) {
    livekit::Reader reader;
    const auto body = joined_body();
    if (!reader.read(body).ok()) state.SkipWithError("the body was refused");
    for (auto _ : state) benchmark::DoNotOptimize(reader.read(body));
}
BENCHMARK(read);

void parse_sip_host(benchmark::State& state) {
    const std::string value = R"("Front Desk" <sip:+15551230001@customer-a.com;user=phone>;tag=SCL_GPb8nTwVy2yF)";
    for (auto _ : state) benchmark::DoNotOptimize(sip_host(value));
}
BENCHMARK(parse_sip_host);

// 64 KiB that a stranger wrote to be as slow as can be.
void parse_hostile_sip_host(benchmark::State& state) {
    const std::string value(64 * 1024, state.range(0) == 0 ? '<' : '(');
    for (auto _ : state) benchmark::DoNotOptimize(sip_host(value));
}
BENCHMARK(parse_hostile_sip_host)->Arg(0)->Arg(1);

}  // namespace
}  // namespace switchhook::bench
