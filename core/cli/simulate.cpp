#include "core/cli/simulate.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <thread>
#include <unordered_map>
#include <utility>

#include "core/base/guarded.hpp"
#include "core/cli/http_connection.hpp"
#include "core/cli/json_text.hpp"
#include "core/cli/text_table.hpp"
#include "core/cli/webhook_signature.hpp"
#include "core/livekit/reader.hpp"

namespace switchhook::cli {
namespace {

constexpr std::size_t kShownBytes = 200;

// Shared by the threads of one play.
class Player {
public:
    Player(const Play& play, const Clock& clock) : play_(play), clock_(clock), begin_(clock.steady()) {}

    // What one thread does.
    void run() {
        try {
            HttpConnection connection(play_.server);
            for (std::size_t number = next_++; number < play_.streams && !over_; number = next_++) {
                wait_for(number);
                if (!send(connection, play_.make(number))) return;
                held_.with([](Held& held) { ++held.played.streams; });
            }
        } catch (const std::exception& failure) {
            stop({Code::internal, failure.what()});
        }
    }

    Result<Played> result() {
        const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.steady() - begin_);
        return held_.with([&](Held& held) -> Result<Played> {
            if (!held.failure) return held.failure;
            held.played.took = took;
            return held.played;
        });
    }

private:
    struct Held {
        Played played;
        Status failure;
    };

    void wait_for(std::size_t number) const {
        if (play_.streams_per_second <= 0) return;
        const auto due =
            begin_ + std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                         std::chrono::duration<double>(static_cast<double>(number) / play_.streams_per_second));
        if (const auto left = due - clock_.steady(); left.count() > 0) std::this_thread::sleep_for(left);
    }

    bool send(HttpConnection& connection, const Stream& stream) {
        for (const auto& body : stream) {
            if (over_) return false;
            const HeaderLines headers{
                {"Authorization", sign_webhook(body, play_.key, play_.secret, clock_.unix_ms() / 1000)},
                {"Content-Type", "application/webhook+json"}};
            const auto answer = connection.call("POST", "/livekit/webhook", headers, body);
            if (!answer) {
                stop(answer.status());
                return false;
            }
            held_.with([&](Held& held) {
                ++held.played.answers[answer->status];
                if (answer->status != 200)
                    held.played.first_body.emplace(answer->status, answer->body.substr(0, kShownBytes));
            });
        }
        return true;
    }

    void stop(const Status& why) {
        over_ = true;
        held_.with([&](Held& held) {
            if (held.failure) held.failure = why;
        });
    }

    const Play& play_;
    const Clock& clock_;
    const std::chrono::steady_clock::time_point begin_;
    std::atomic<std::size_t> next_ = 0;
    std::atomic<bool> over_ = false;
    base::Guarded<Held> held_;
};

}  // namespace

std::vector<Stream> streams_of(std::vector<std::string> bodies) {
    std::vector<Stream> streams;
    std::unordered_map<std::string, std::size_t> by_room;
    livekit::Reader reader;
    for (auto& body : bodies) {
        const auto read = reader.read(body);
        const std::string room = read ? std::string((*read)->event().room_name) : std::string();
        const auto known = by_room.find(room);
        if (room.empty() || known == by_room.end()) {
            if (!room.empty()) by_room.emplace(room, streams.size());
            streams.push_back({std::move(body)});
        } else {
            streams[known->second].push_back(std::move(body));
        }
    }
    return streams;
}

Result<Played> play(const Play& play, const Clock& clock) {
    Player player(play, clock);
    const std::size_t count = std::min(std::max<std::size_t>(play.connections, 1), play.streams);
    {
        std::vector<std::jthread> threads;
        threads.reserve(count);
        for (std::size_t i = 0; i < count; ++i) threads.emplace_back([&player] { player.run(); });
    }
    return player.result();
}

std::string played_text(const Played& played, Form form) {
    std::size_t webhooks = 0;
    for (const auto& [status, number] : played.answers) webhooks += number;
    const auto seconds = static_cast<double>(played.took.count()) / 1000;
    if (form == Form::json) {
        Json made = {
            {"rooms", played.streams}, {"webhooks", webhooks}, {"seconds", seconds}, {"answers", Json::object()}};
        for (const auto& [status, number] : played.answers) made["answers"][std::to_string(status)] = number;
        return json_text(made);
    }
    std::vector<Row> rows;
    for (const auto& [status, number] : played.answers) {
        const auto body = played.first_body.find(status);
        rows.push_back(
            {std::to_string(status), std::to_string(number), body == played.first_body.end() ? "" : body->second});
    }
    const std::string rooms = std::to_string(played.streams) + (played.streams == 1 ? " room, " : " rooms, ");
    return text_table({"ANSWER", "WEBHOOKS", "SAID"}, rows) + rooms + std::to_string(webhooks) + " webhooks in " +
           std::to_string(played.took.count()) + " ms\n";
}

}  // namespace switchhook::cli
