// Config source, hook store, outbox: every call has a Status, and a thrown exception is one more of them.
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/plugin/guards/guards.hpp"

namespace switchhook::plugin {
namespace {

class ConfigSourceGuard final : public Guard<ConfigSource> {
public:
    using Guard::Guard;

    Result<Document> load() override {
        return instance().call("load", [this] { return object().load(); });
    }
    Status watch(std::function<void()> changed) override {
        return instance().call("watch", [&] { return object().watch(std::move(changed)); });
    }
};

class HookStoreGuard final : public Guard<HookStore> {
public:
    using Guard::Guard;

    Result<HookTable> load() override {
        return instance().call("load", [this] { return object().load(); });
    }
    Result<HookTable> apply(const HookChange& change) override {
        return instance().call("apply", [&] { return object().apply(change); });
    }
    Result<HookTable> look() const override {
        return instance().call("look", [this] { return std::as_const(object()).look(); });
    }
};

class OutboxGuard final : public Guard<Outbox> {
public:
    using Guard::Guard;

    Result<Committed> commit(std::span<const Append> appends, std::span<const Settled> settled,
                             const HookFilter& filter, std::int64_t now_ms) override {
        auto done = instance().call("commit", [&] { return object().commit(appends, settled, filter, now_ms); });
        // Core reads one answer for each append without asking further.
        if (done && done->appended.size() != appends.size())
            return instance().fault("commit", "answered " + std::to_string(done->appended.size()) + " of " +
                                                  std::to_string(appends.size()) + " appends");
        return done;
    }
    Result<Claimed> claim(const Claim& claim) override {
        return instance().call("claim", [&] { return object().claim(claim); });
    }
    Result<std::vector<Backlog>> backlog() override {
        return instance().call("backlog", [this] { return object().backlog(); });
    }
    Result<Maintained> maintain(std::int64_t now_ms) override {
        return instance().call("maintain", [&] { return object().maintain(now_ms); });
    }
    Result<std::int64_t> mark(Mark mark) override {
        return instance().call("mark", [&] { return object().mark(mark); });
    }
    Status set_mark(Mark mark, std::int64_t value) override {
        return instance().call("set_mark", [&] { return object().set_mark(mark, value); });
    }
    Result<std::vector<Paused>> paused() override {
        return instance().call("paused", [this] { return object().paused(); });
    }
    Status pause(const Paused& paused) override {
        return instance().call("pause", [&] { return object().pause(paused); });
    }
    Status resume(HookId hook) override {
        return instance().call("resume", [&] { return object().resume(hook); });
    }
    Result<WaitingDelivery> requeue(DeliveryId id, const TenantScope& scope, std::int64_t now_ms) override {
        return instance().call("requeue", [&] { return object().requeue(id, scope, now_ms); });
    }
    Result<RequeueJob> begin_requeue(const LogFilter& filter, std::int64_t now_ms) override {
        return instance().call("begin_requeue", [&] { return object().begin_requeue(filter, now_ms); });
    }
    Result<RequeueJob> cancel_requeue(JobId id, const TenantScope& scope, std::int64_t now_ms) override {
        return scoped("cancel_requeue", scope,
                      instance().call("cancel_requeue", [&] { return object().cancel_requeue(id, scope, now_ms); }));
    }
    Result<LogPage> list(const LogQuery& query) override {
        auto page = instance().call("list", [&] { return object().list(query); });
        if (!page) return page;
        // Another tenant's deliveries must not pass because a store is wrong.
        for (const auto& each : page->deliveries)
            if (query.filter.tenant && each.tenant != *query.filter.tenant)
                return instance().fault("list", "answered a delivery of another tenant");
        return page;
    }
    Result<DeliveryDetail> look_up(DeliveryId id, const TenantScope& scope) override {
        auto detail = instance().call("look_up", [&] { return object().look_up(id, scope); });
        if (detail && scope && detail->delivery.tenant != *scope)
            return instance().fault("look_up", "answered a delivery of another tenant");
        return detail;
    }
    Result<RequeueJob> requeue_job(JobId id, const TenantScope& scope) override {
        return scoped("requeue_job", scope,
                      instance().call("requeue_job", [&] { return object().requeue_job(id, scope); }));
    }
    Status back_up(const std::string& path) override {
        return instance().call("back_up", [&] { return object().back_up(path); });
    }
    OutboxFigures figures() const override {
        OutboxFigures figures;
        instance().attempt("figures", [&] { figures = object().figures(); });
        return figures;
    }

private:
    Result<RequeueJob> scoped(std::string_view call, const TenantScope& scope, Result<RequeueJob> job) const {
        if (job && scope && job->filter.tenant != scope)
            return instance().fault(call, "answered a job of another tenant");
        return job;
    }
};

}  // namespace

std::unique_ptr<ConfigSource> guard(std::shared_ptr<const Instance> instance, ConfigSource& object) {
    return std::make_unique<ConfigSourceGuard>(std::move(instance), object);
}

std::unique_ptr<HookStore> guard(std::shared_ptr<const Instance> instance, HookStore& object) {
    return std::make_unique<HookStoreGuard>(std::move(instance), object);
}

std::unique_ptr<Outbox> guard(std::shared_ptr<const Instance> instance, Outbox& object) {
    return std::make_unique<OutboxGuard>(std::move(instance), object);
}

}  // namespace switchhook::plugin
