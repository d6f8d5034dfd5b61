// HookStore: keeps the hooks that were added at run time. Hooks of the configuration are never in it.
#pragma once

#include <string>
#include <vector>

#include <switchhook/component.hpp>
#include <switchhook/hook.hpp>

namespace switchhook {
inline namespace abi1 {

// Sorted by host, hosts unique. All of a hook is kept except id, secrets and configured.
using HookTable = std::vector<Hook>;

struct HookChange {
    std::vector<Hook> put;            // added, or replacing the row of the same host
    std::vector<std::string> remove;  // hosts; unknown ones are ignored
};

// Calls come from one thread at a time.
class HookStore : public Component {
public:
    // What is stored. A store that does not exist yet is empty; one that cannot be understood is Code::corrupt and
    // stays as it is.
    virtual Result<HookTable> load() = 0;
    // All of it or nothing, durable on return (fsync, also of the folder). Answers the table as it now stands.
    virtual Result<HookTable> apply(const HookChange& change) = 0;
    // What is stored, for somebody beside a server that may be running (`switchhook explain`, `hooks export`): without
    // start, changing, creating and locking nothing. Code::unavailable: this store cannot be read that way.
    virtual Result<HookTable> look() const {
        return Status(Code::unavailable, "this hook store cannot be read without being opened");
    }
};

}  // namespace abi1
}  // namespace switchhook
