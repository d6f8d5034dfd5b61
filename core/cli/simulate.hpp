// Plays webhooks into a server, as LiveKit would.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <switchhook/host.hpp>
#include <switchhook/result.hpp>

#include "core/cli/form.hpp"
#include "core/cli/server_url.hpp"

namespace switchhook::cli {

// The webhooks of one room: sent one after the other, each when the one before was answered.
using Stream = std::vector<std::string>;

// Bodies by room, in the order in which the rooms come up; what has no room is a stream of its own.
std::vector<Stream> streams_of(std::vector<std::string> bodies);

struct Play {
    ServerUrl server;
    std::string key;  // LiveKit's API key and its secret
    std::string secret;
    std::size_t streams = 0;
    std::function<Stream(std::size_t)> make;  // the stream of that number; any thread
    double streams_per_second = 0;            // 0: one after the other on every connection
    std::size_t connections = 8;              // streams under way at once, 1 or more
};

struct Played {
    std::size_t streams = 0;                // played to their ends
    std::map<int, std::size_t> answers;     // HTTP status -> number of webhooks
    std::map<int, std::string> first_body;  // of the first answer of each status but 200
    std::chrono::milliseconds took{0};

    bool all_accepted() const { return answers.size() == 1 && answers.begin()->first == 200; }
};

// Blocks until everything was answered. Code::unavailable: the server could not be reached, and the rest was not sent.
Result<Played> play(const Play& play, const Clock& clock);

std::string played_text(const Played& played, Form form);

}  // namespace switchhook::cli
