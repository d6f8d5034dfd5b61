// Hooks from one hook store to another, as the JSON of GET and POST /sip/hooks, which is also what checks them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <switchhook/forwarder.hpp>
#include <switchhook/hook_store.hpp>
#include <switchhook/host.hpp>
#include <switchhook/matcher.hpp>

#include "core/api/hooks_api.hpp"
#include "core/cli/form.hpp"

namespace switchhook::cli {

// {"hooks": [...]}, whole: what read_import takes.
std::string export_text(const HookTable& stored);

// What the API asks about a hook. The forwarder outlives the call.
struct ImportRules {
    std::vector<Hook> configured;
    std::vector<std::unique_ptr<Matcher>> matchers;
    const Forwarder& forwarder;
    api::HookRules rules;
    bool auth_required = false;  // then every hook must name its tenant
};

struct Import {
    std::vector<Hook> added;
    std::vector<Hook> replaced;          // as they would be
    std::vector<std::string> unchanged;  // hosts

    HookChange change() const;
};

// Reads and checks everything that would be imported over `stored`, as POST /sip/hooks does; changes nothing.
// Code::invalid: the API's own text for the first hook that does not fit.
Result<Import> read_import(const std::string& json, const HookTable& stored, ImportRules rules);

// What was, or would be, added and replaced.
std::string import_text(const Import& import, bool done, Form form);

}  // namespace switchhook::cli
