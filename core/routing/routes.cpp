#include "core/routing/routes.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace switchhook::routing {

HookId hook_id(std::string_view host, std::string_view auth_id) {
    std::string text;
    text.reserve(host.size() + 1 + auth_id.size());
    text.append(host).push_back('\0');
    text.append(auth_id);
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
    HookId id = 0;
    for (std::size_t i = 0; i < sizeof id; ++i) id = id << 8U | digest[i];
    id >>= 1U;  // 63 bits: stores keep it in a signed integer
    return id == 0 ? 1 : id;
}

Routes::Routes(std::vector<Hook> hooks, std::shared_ptr<const Chain> chain)
    : chain_(std::move(chain)), hooks_(std::move(hooks)) {
    std::sort(hooks_.begin(), hooks_.end(), [](const Hook& a, const Hook& b) { return a.host < b.host; });
    by_id_.reserve(hooks_.size());
    for (const auto& hook : hooks_) by_id_.emplace(hook.id, &hook);
    if (chain_ == nullptr) return;
    indexes_.reserve(chain_->size());
    for (std::size_t i = 0; i < chain_->size(); ++i)
        if (auto index = (*chain_)[i]->index(hooks_)) indexes_.push_back({.matcher = i, .index = std::move(index)});
}

Matches Routes::match(const Event& event) const {
    Matches matches;
    std::string host;  // the first matcher's, which the log names when nobody finds a hook
    for (const auto& [matcher, index] : indexes_) {
        index->find(event, matches);
        if (!matches.hooks.empty()) return matches;
        if (host.empty()) host = std::move(matches.host);
        matches.host.clear();
    }
    matches.host = std::move(host);
    return matches;
}

std::vector<MatchStep> Routes::explain(const Event& event) const {
    std::vector<MatchStep> steps;
    for (const auto& [matcher, index] : indexes_) {
        MatchStep& step =
            steps.emplace_back(MatchStep{.matcher = matcher, .text = index->explain(event), .matches = {}});
        index->find(event, step.matches);
        if (!step.matches.hooks.empty()) break;
    }
    return steps;
}

const Hook* Routes::find(HookId id) const {
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? nullptr : found->second;
}

}  // namespace switchhook::routing
