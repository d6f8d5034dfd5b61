// One component of each contract; every call of it throws, and so does giving it back.
#include <stdexcept>

#include "faulty.hpp"

namespace {

using namespace switchhook;

class Thrown : public std::exception {  // known to this library alone
public:
    const char* what() const noexcept override { return "thrown on purpose"; }
};

AttemptResult outcome(const char* code) {
    AttemptResult result;
    result.code = code;
    return result;
}

// The calls that all have. Dialects throw an int, to be different.
template <typename Base>
class Thrower : public Base {
public:
    using Base::check;
    Status start() final { throw Thrown(); }
    void stop() final { throw Thrown(); }
    Status health() const final { throw Thrown(); }
    Status check() const final { throw Thrown(); }
};

class Source final : public Thrower<ConfigSource> {
public:
    Source(const Settings&, Host&) {}
    Result<Document> load() override { throw Thrown(); }
    Status watch(std::function<void()>) override { throw Thrown(); }
};

class Hooks final : public Thrower<HookStore> {
public:
    Hooks(const Settings&, Host&) {}
    Result<HookTable> load() override { throw Thrown(); }
    Result<HookTable> apply(const HookChange&) override { throw Thrown(); }
    Result<HookTable> look() const override { throw Thrown(); }
};

class Store final : public Thrower<Outbox> {
public:
    Store(const Settings&, Host&) {}
    Result<Committed> commit(std::span<const Append>, std::span<const Settled>, const HookFilter&,
                             std::int64_t) override {
        throw Thrown();
    }
    Result<Claimed> claim(const Claim&) override { throw Thrown(); }
    Result<std::vector<Backlog>> backlog() override { throw Thrown(); }
    Result<Maintained> maintain(std::int64_t) override { throw Thrown(); }
    Result<std::int64_t> mark(Mark) override { throw Thrown(); }
    Status set_mark(Mark, std::int64_t) override { throw Thrown(); }
    Result<std::vector<Paused>> paused() override { throw Thrown(); }
    Status pause(const Paused&) override { throw Thrown(); }
    Status resume(HookId) override { throw Thrown(); }
    Result<WaitingDelivery> requeue(DeliveryId, const TenantScope&, std::int64_t) override { throw Thrown(); }
    Result<RequeueJob> begin_requeue(const LogFilter&, std::int64_t) override { throw Thrown(); }
    Result<RequeueJob> cancel_requeue(JobId, const TenantScope&, std::int64_t) override { throw Thrown(); }
    Result<LogPage> list(const LogQuery&) override { throw Thrown(); }
    Result<DeliveryDetail> look_up(DeliveryId, const TenantScope&) override { throw Thrown(); }
    Result<RequeueJob> requeue_job(JobId, const TenantScope&) override { throw Thrown(); }
    Status back_up(const std::string&) override { throw Thrown(); }
    OutboxFigures figures() const override { throw Thrown(); }
};

// Adds hooks before it throws: they must not count.
class Index final : public HookIndex {
public:
    void find(const Event&, Matches& matches) const override {
        matches.hooks.insert(matches.hooks.end(), {1, 2, 3});
        matches.host = "half.example";
        throw Thrown();
    }
};

class Finder final : public Thrower<Matcher> {
public:
    Finder(const Settings&, Host&) {}
    std::unique_ptr<const HookIndex> index(std::span<const Hook> hooks) override {
        if (hooks.empty()) throw Thrown();
        if (hooks.front().host == "null") return nullptr;
        return std::make_unique<Index>();
    }
    bool accepts(std::string_view) const override { throw Thrown(); }
};

class Writer final : public Thrower<Dialect> {
public:
    Writer(const Settings&, Host&) {}
    Result<Written> write(const switchhook::Delivery&, const Signing&) const override { throw 42; }
    std::vector<std::string> default_events() const override { throw 42; }
};

// Keeps its word in the first call only: the url says how it breaks it.
class Sender final : public Thrower<Forwarder> {
public:
    Sender(const Settings&, Host&) {}
    using Thrower::check;
    Status check(std::string_view) const override { throw Thrown(); }
    void send(Request request, std::chrono::milliseconds, Completion done) override {
        if (request.url == "never") return;
        done(outcome("delivered"));
        if (request.url == "twice") done(outcome("timeout_response"));
        if (request.url == "then throw") throw Thrown();
    }
};

class Refuser final : public Thrower<Forwarder> {
public:
    Refuser(const Settings&, Host&) {}
    using Thrower::check;
    Status check(std::string_view) const override { throw Thrown(); }
    void send(Request, std::chrono::milliseconds, Completion) override { throw Thrown(); }
};

class Planner final : public Thrower<Provisioner> {
public:
    Planner(const Settings&, Host&) {}
    Result<Plan> plan(const Wanted&) override { throw Thrown(); }
    Result<Plan> apply(const Wanted&) override { throw Thrown(); }
};

class Caller final : public Thrower<CallControl> {
public:
    Caller(const Settings&, Host&) {}
    Result<RoomTenancy> set_room_tenant(const RoomOwner&, std::chrono::milliseconds) override { throw Thrown(); }
};

void destroy_and_throw(Component* object) {
    delete object;
    throw Thrown();
}

template <typename T>
constexpr ComponentEntry thrower(const char* name) {
    auto entry = component<T>(name, "Throws from every call.");
    entry.destroy = destroy_and_throw;
    return entry;
}

}  // namespace

SWITCHHOOK_PLUGIN("throws_everywhere", "1.0.0", thrower<Source>("throws"), thrower<Hooks>("throws"),
                  thrower<Store>("throws"), thrower<Finder>("throws"), thrower<Writer>("throws"),
                  thrower<Refuser>("throws"), thrower<Sender>("breaks_its_word"), thrower<Planner>("throws"),
                  thrower<Caller>("throws"))
