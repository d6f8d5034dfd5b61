// Tokens that strangers write: none of them passes. And claims and headers that are signed well, so that the fuzzer
// comes behind the signature: only such with the body's digest pass.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <switchhook/testkit/fake_host.hpp>

#include "core/livekit/verifier.hpp"
#include "tests/unit/livekit/signing.hpp"

namespace {

using switchhook::livekit::Verdict;
namespace test = switchhook::livekit::test;

void require(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const switchhook::testkit::ManualClock clock(1'795'329'482'000);
    static const switchhook::livekit::Verifier verifier({{"devkey", "a secret that no fuzzer guesses"}}, clock);
    static const std::string body = R"({"event":"e"})";
    static const std::string digest = test::base64(test::sha256(body));
    const std::string_view text(reinterpret_cast<const char*>(data), size);

    require(verifier.verify(text, body) != Verdict::ok);
    const auto claims = verifier.verify(test::sign(text, "a secret that no fuzzer guesses"), body);
    if (claims == Verdict::ok)
        require(text.find("exp") != std::string_view::npos || text.find('\\') != std::string_view::npos);
    require(verifier.verify(test::sign(text, "another secret"), body) != Verdict::ok);

    const auto good = test::claims_for(body, "devkey", 1'795'329'482);
    const auto header = verifier.verify(test::sign(good, "a secret that no fuzzer guesses", text), body);
    if (header == Verdict::ok)
        require(text.find("256") != std::string_view::npos || text.find('\\') != std::string_view::npos);
    return 0;
}
