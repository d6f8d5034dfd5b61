// FakeLiveKit: a small LiveKit in the test's process, for what the real server cannot be made to show: answers that are
// lost, steps of two instances in every order, values stored otherwise than asked. Trunks, rules, rooms, their checks
// and answers are modelled on recorded exchanges of livekit-server 1.13.5; the real server is tested in tests/e2e.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "plain_server.hpp"

namespace switchhook::tests {

using Json = nlohmann::json;

class FakeLiveKit final {
public:
    // LiveKit checks and stores in two steps; in between, and around them, other requests are carried out.
    enum class Point { arrived, checked, stored };
    struct Seen {
        std::string method;
        Json request;
        Json claims;
        PlainRequest http;
    };

    explicit FakeLiveKit(unsigned seed = 1);

    std::string url() const { return server_.url(); }
    int connections() const { return server_.connections(); }

    // What a test puts in while connections may still be at work. Calls that follow each other, on whatever
    // connections, may share plain variables: ThreadSanitizer does not see that an answer came before the next request.
    template <typename Function>
    class Script {
    public:
        template <typename Given>
        Script& operator=(Given&& given) {
            const std::lock_guard lock(mutex_);
            function_ = std::forward<Given>(given);
            return *this;
        }
        template <typename... Args>
        typename Function::result_type operator()(Args&&... args) const {
            const auto act = get();
            if (!act) return typename Function::result_type();
            if constexpr (std::is_void_v<typename Function::result_type>) {
                act(std::forward<Args>(args)...);
                const std::lock_guard after(mutex_);
            } else {
                auto answer = act(std::forward<Args>(args)...);
                const std::lock_guard after(mutex_);
                return answer;
            }
        }

    private:
        Function get() const {
            const std::lock_guard lock(mutex_);
            return function_;
        }

        mutable std::mutex mutex_;
        Function function_;
    };

    // Called on the connection's thread at each point; may block.
    Script<std::function<void(const Seen&, Point)>> at_point;
    // An answer in place of ours: before anything is done, and after all was done.
    Script<std::function<std::optional<PlainAnswer>(const Seen&)>> instead;
    Script<std::function<std::optional<PlainAnswer>(const Seen&)>> afterwards;
    // What is stored in place of what was sent.
    Script<std::function<void(const std::string& method, Json& object)>> alter;
    bool camel_case = false;   // answers as a server of another make writes them
    std::size_t page_cap = 0;  // items per answer; 0: all, as LiveKit does

    // Stores without any check, and returns the id.
    std::string put_trunk(Json trunk);
    std::string put_rule(Json rule);
    void put_room(const std::string& name, const std::string& sid, const std::string& metadata);
    void set_metadata(const std::string& room, const std::string& metadata);

    std::map<std::string, Json> trunks() const;
    std::map<std::string, Json> rules() const;
    std::string metadata(const std::string& room) const;
    // The methods that were called, in order.
    std::vector<std::string> calls() const;
    int count(const std::string& method) const;
    std::vector<Seen> seen() const;
    void forget_calls();

    void wait_for_end() { server_.wait_for_end(); }

private:
    PlainAnswer handle(const PlainRequest& request);
    PlainAnswer carry_out(const Seen& seen);
    PlainAnswer list(const Seen& seen, const std::map<std::string, Json>& objects);
    PlainAnswer create_or_replace(const Seen& seen, bool trunk);
    PlainAnswer remove(const Seen& seen, bool trunk);
    PlainAnswer rooms(const Seen& seen);
    PlainAnswer update_room(const Seen& seen);
    std::string fault(bool trunk, const std::string& id, const Json& object, bool all_rules) const;
    std::string new_id(const std::string& prefix);
    void pass(const Seen& seen, Point point);

    mutable std::mutex mutex_;  // of all below
    std::map<std::string, Json> trunks_;
    std::map<std::string, Json> rules_;
    std::map<std::string, Json> rooms_;
    std::vector<Seen> seen_;
    std::mt19937 random_;
    PlainServer server_;  // last: its threads use the rest
};

// {"code": ..., "msg": ...} as Twirp writes it.
PlainAnswer twirp_error(int status, const std::string& code, const std::string& message);

}  // namespace switchhook::tests
