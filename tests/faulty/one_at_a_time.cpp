// Components that are not marked concurrent and notice when two threads are inside at once.
#include <atomic>
#include <thread>

#include "faulty.hpp"

namespace {

using namespace switchhook;

std::atomic<int> inside{0};
std::atomic<int> worst{0};

// Long enough for another thread to come in, if it could.
class Visit final {
public:
    Visit() {
        const int now = ++inside;
        int seen = worst.load();
        while (now > seen && !worst.compare_exchange_weak(seen, now)) {
        }
        for (int i = 0; i < 50; ++i) std::this_thread::yield();
    }
    ~Visit() { --inside; }
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;
};

class Index final : public HookIndex {
public:
    void find(const Event&, Matches& matches) const override {
        const Visit visit;
        matches.hooks.push_back(1);
    }
};

class Alone final : public Matcher {
public:
    Alone(const Settings&, Host&) { worst = 0; }
    std::unique_ptr<const HookIndex> index(std::span<const Hook>) override { return std::make_unique<Index>(); }
    // Answers whether more than one thread was ever inside.
    bool accepts(std::string_view) const override {
        const Visit visit;
        return worst.load() > 1;
    }
};

// Completes inside send, so that a completion that sends again comes back on the same thread.
class Inline final : public Forwarder {
public:
    Inline(const Settings&, Host&) {}
    using Forwarder::check;
    Status check(std::string_view) const override { return {}; }
    void send(Request, std::chrono::milliseconds, Completion done) override {
        AttemptResult result;
        result.code = "delivered";
        done(std::move(result));
    }
};

}  // namespace

SWITCHHOOK_PLUGIN("one_at_a_time", "1.0.0", component<Alone>("alone", "Wants to be alone.", {}, false),
                  component<Alone>("crowd", "Takes whoever comes.", {}, true),
                  component<Inline>("inline", "Completes at once.", {}, false))
