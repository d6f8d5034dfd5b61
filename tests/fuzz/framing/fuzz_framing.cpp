// The framing guard must say the same about an input however it is cut, and Poco must read what it has admitted.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/http/framing_guard.hpp"
#include "core/http/request_reader.hpp"

namespace {

using switchhook::http::Frame;
using switchhook::http::FramingGuard;

struct Verdicts {
    std::vector<Frame> frames;
    int refused = 0;
    bool operator==(const Verdicts& other) const {
        return refused == other.refused &&
               std::equal(frames.begin(), frames.end(), other.frames.begin(), other.frames.end(),
                          [](const Frame& a, const Frame& b) { return a.head == b.head && a.body == b.body; });
    }
};

switchhook::http::FramingLimits small_limits() {
    switchhook::http::FramingLimits limits;
    limits.head_bytes = 512;
    limits.line_bytes = 128;
    limits.name_bytes = 32;
    limits.value_bytes = 128;
    limits.max_headers = 8;
    limits.body_bytes = 256;
    return limits;
}

// `pieces` says how large each piece is; without it the whole is one.
Verdicts judge(std::string_view input, std::string_view pieces) {
    const auto limits = small_limits();
    FramingGuard guard(limits);
    Verdicts verdicts;
    std::size_t turn = 0;
    while (!input.empty() && verdicts.refused == 0) {
        std::size_t size = input.size();
        if (!pieces.empty())
            size = std::min<std::size_t>(size, 1U + static_cast<std::uint8_t>(pieces[turn++ % pieces.size()]) % 64U);
        const std::size_t used = guard.feed(input.substr(0, size));
        if (used == 0 || used > size) std::abort();
        input.remove_prefix(used);
        if (guard.verdict() == FramingGuard::Verdict::complete) verdicts.frames.push_back(guard.take());
        if (guard.verdict() == FramingGuard::Verdict::refused) verdicts.refused = guard.status();
        if (guard.held() > limits.head_bytes + limits.body_bytes) std::abort();
    }
    return verdicts;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 5) return 0;
    const std::string all(data, data + size);
    const std::string_view pieces = std::string_view(all).substr(0, 4);
    const std::string_view input = std::string_view(all).substr(4);
    Verdicts whole = judge(input, {});
    if (!(whole == judge(input, pieces)) || !(whole == judge(input, std::string_view("\0", 1)))) std::abort();
    switchhook::http::RequestReader reader;
    for (Frame& frame : whole.frames) {
        const std::size_t body = frame.body.size();
        const std::size_t fields = frame.fields.size();
        const auto request = reader.read(std::move(frame));
        if (!request || request->path.empty() || request->path[0] != '/' || request->body.size() != body ||
            request->headers.size() != fields)
            std::abort();
    }
    return 0;
}
