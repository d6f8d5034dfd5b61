#include <atomic>

#include "core/plugin/guards/guards.hpp"

namespace switchhook::plugin {
namespace {

// May outlive its matcher's guard: requests still under way hold the routes of a moment ago. It keeps the object alive.
class IndexGuard final : public HookIndex {
public:
    // `index` may be null: nothing is ever found.
    IndexGuard(std::shared_ptr<const Instance> instance, std::unique_ptr<const HookIndex> index)
        : instance_(std::move(instance)), index_(std::move(index)) {}
    IndexGuard(const IndexGuard&) = delete;
    IndexGuard& operator=(const IndexGuard&) = delete;
    ~IndexGuard() override {
        instance_->attempt("release of an index", [this] { index_.reset(); });
    }

    void find(const Event& event, Matches& matches) const override {
        if (index_ == nullptr) return;
        const std::size_t before = matches.hooks.size();
        if (instance_->attempt("find", [&] { index_->find(event, matches); })) return;
        // No match means none at all: what it had added before it threw is taken back.
        if (matches.hooks.size() > before) matches.hooks.resize(before);
        matches.host.clear();
    }
    std::string explain(const Event& event) const override {
        if (index_ == nullptr) return "has no index of the hooks, so it finds nothing";
        std::string text;
        if (!instance_->attempt("explain", [&] { text = index_->explain(event); }))
            text = "cannot explain itself: see the log";
        return text;
    }

private:
    std::shared_ptr<const Instance> instance_;
    std::unique_ptr<const HookIndex> index_;
};

class MatcherGuard final : public Guard<Matcher> {
public:
    using Guard::Guard;

    // Never null. After an exception it finds nothing and health() says so until a later index succeeds.
    std::unique_ptr<const HookIndex> index(std::span<const Hook> hooks) override {
        std::unique_ptr<const HookIndex> made;
        const bool finished = instance().attempt("index", [&] { made = object().index(hooks); });
        if (finished && made == nullptr) instance().complain("index", "returned nothing");
        indexed_ = made != nullptr;
        return std::make_unique<IndexGuard>(shared_instance(), std::move(made));
    }
    bool accepts(std::string_view host) const override {
        bool yes = false;
        instance().attempt("accepts", [&] { yes = object().accepts(host); });
        return yes;
    }
    Status health() const override {
        if (!indexed_)
            return instance().fault("index",
                                    "failed, no event is matched by it; see the log, then change a hook or restart");
        return Guard::health();
    }

private:
    std::atomic<bool> indexed_{true};
};

class DialectGuard final : public Guard<Dialect> {
public:
    using Guard::Guard;

    Result<Written> write(const Delivery& delivery, const Signing& signing) const override {
        return instance().call("write", [&] { return object().write(delivery, signing); });
    }
    std::vector<std::string> default_events() const override {
        std::vector<std::string> events;
        instance().attempt("default_events", [&] { events = object().default_events(); });
        return events;
    }
};

}  // namespace

std::unique_ptr<Matcher> guard(std::shared_ptr<const Instance> instance, Matcher& object) {
    return std::make_unique<MatcherGuard>(std::move(instance), object);
}

std::unique_ptr<Dialect> guard(std::shared_ptr<const Instance> instance, Dialect& object) {
    return std::make_unique<DialectGuard>(std::move(instance), object);
}

}  // namespace switchhook::plugin
