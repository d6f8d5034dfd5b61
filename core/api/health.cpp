#include "core/api/health.hpp"

#include "core/api/body.hpp"

namespace switchhook::api {
namespace {

void ask(const std::vector<Probe>& probes, std::vector<std::string>& texts) {
    for (const auto& probe : probes)
        if (const Status status = probe(); !status) texts.push_back(status.message());
}

}  // namespace

std::vector<std::string> Health::reasons() const {
    std::vector<std::string> reasons;
    if (phase_ == Phase::starting) reasons.emplace_back("the server is starting");
    if (phase_ == Phase::stopping) reasons.emplace_back("the server is stopping");
    ask(requirements_, reasons);
    return reasons;
}

std::vector<std::string> Health::warnings() const {
    std::vector<std::string> warnings = said_.with([](const auto& said) { return said; });
    ask(warnings_, warnings);
    return warnings;
}

void Health::say(std::vector<std::string> warnings) {
    said_.with([&](auto& said) { said.swap(warnings); });
}

http::Response Health::alive() const {
    return json_response(200, {{"status", "OK"}});
}

http::Response Health::ready() const {
    return readiness_response(reasons(), warnings());
}

}  // namespace switchhook::api
