// What /healthz, /readyz and the service manager are told.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include <switchhook/result.hpp>

#include "core/base/guarded.hpp"
#include "core/http/front.hpp"

namespace switchhook::api {

// Looks at one thing: any thread, never blocks. Not ok: the text says what is wrong.
using Probe = std::function<Status()>;

// Not ready means that a webhook sent now would not be accepted; everything else that is odd is a warning. Any thread.
class Health {
public:
    Health(std::vector<Probe> requirements, std::vector<Probe> warnings)
        : requirements_(std::move(requirements)), warnings_(std::move(warnings)) {}

    // Until then, and again from stopping on, the server is not ready.
    void started() { phase_ = Phase::started; }
    void stopping() { phase_ = Phase::stopping; }

    // Further warnings, in place of those that were said before. Any thread.
    void say(std::vector<std::string> warnings);

    std::vector<std::string> reasons() const;  // why it is not ready; empty: it is
    std::vector<std::string> warnings() const;

    http::Response alive() const;  // GET /healthz
    http::Response ready() const;  // GET /readyz: 200 or 503, {"ready":bool,"reasons":[..],"warnings":[..]}

private:
    enum class Phase { starting = 1, started, stopping };

    std::atomic<Phase> phase_{Phase::starting};
    const std::vector<Probe> requirements_;
    const std::vector<Probe> warnings_;
    base::Guarded<std::vector<std::string>> said_;
};

}  // namespace switchhook::api
