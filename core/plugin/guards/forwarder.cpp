#include <atomic>

#include "core/plugin/guards/guards.hpp"

namespace switchhook::plugin {
namespace {

// Keeps the promise of "exactly once" for a forwarder that does not: the first call counts, a second is ignored, and
// when the last copy of the completion is gone without a call, the attempt ends as a fault of ours. Any thread.
class Once final {
public:
    Once(std::shared_ptr<const Instance> instance, Completion done)
        : instance_(std::move(instance)), done_(std::move(done)) {}
    Once(const Once&) = delete;
    Once& operator=(const Once&) = delete;
    ~Once() {
        if (!called_.load(std::memory_order_acquire))
            fail(instance_->fault("send", "dropped the completion without calling it").message());
    }

    // noexcept: core's completions do not throw, and an outcome that is lost would hold its stream for ever. Ending the
    // process repeats the attempt instead.
    void finish(AttemptResult result) noexcept {
        if (called_.exchange(true, std::memory_order_acq_rel)) {
            instance_->complain("send", "completed the same attempt twice; the first outcome counts");
            return;
        }
        const Completion done = std::move(done_);
        done(std::move(result));
    }

    // Nothing when it was called before.
    void fail(std::string detail) noexcept {
        if (called_.load(std::memory_order_acquire)) return;
        AttemptResult result;
        result.code = "own_fault";
        result.detail = std::move(detail);
        finish(std::move(result));
    }

private:
    std::shared_ptr<const Instance> instance_;
    Completion done_;
    std::atomic<bool> called_{false};
};

class ForwarderGuard final : public Guard<Forwarder> {
public:
    using Guard::check;
    using Guard::Guard;

    Status check(std::string_view url) const override {
        return instance().call("check", [&] { return object().check(url); });
    }
    void send(Request request, std::chrono::milliseconds deadline, Completion done) override {
        const auto once = std::make_shared<Once>(shared_instance(), std::move(done));
        const Status sent = instance().call("send", [&]() -> Status {
            object().send(std::move(request), deadline,
                          [once](AttemptResult result) { once->finish(std::move(result)); });
            return {};
        });
        if (!sent.ok()) once->fail(sent.message());
    }
};

}  // namespace

std::unique_ptr<Forwarder> guard(std::shared_ptr<const Instance> instance, Forwarder& object) {
    return std::make_unique<ForwarderGuard>(std::move(instance), object);
}

}  // namespace switchhook::plugin
