// Who asks: the API secrets of the configuration, and what each of them may do.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "core/base/guarded.hpp"
#include "core/config/config.hpp"
#include "core/http/front.hpp"

namespace switchhook::api {

// The operator acts for every tenant; a tenant for its own auth_id only.
struct Identity {
    bool is_operator = false;
    std::string tenant;  // the auth_id; empty for the operator

    // Whether the caller may see and change hooks of that auth_id.
    bool acts_for(std::string_view auth_id) const { return is_operator || tenant == auth_id; }
};

// Any thread.
class Authentication {
public:
    explicit Authentication(config::Auth auth);
    // From the next request on.
    void replace(config::Auth auth);

    // The caller, or the 401 to answer. The token is `Authorization: Bearer TOKEN`, else the first non-blank `api_key`
    // of the query. Every entry is compared, in constant time each. With auth.required: false every caller is the
    // operator.
    std::variant<Identity, http::Response> identify(const http::Request& request) const;
    bool required() const { return auth()->required; }

private:
    std::shared_ptr<const config::Auth> auth() const {
        return auth_.with([](const auto& held) { return held; });
    }

    base::Guarded<std::shared_ptr<const config::Auth>> auth_;
};

}  // namespace switchhook::api
