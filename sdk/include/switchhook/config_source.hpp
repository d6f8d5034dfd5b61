// ConfigSource: where a configuration is read from.
#pragma once

#include <functional>

#include <switchhook/component.hpp>
#include <switchhook/document.hpp>

namespace switchhook {
inline namespace abi1 {

// Settings: every source is given `argument`, the text behind the colon of `--config file:PATH` (empty without one).
class ConfigSource : public Component {
public:
    // Reads everything now. A source that cannot be read at all is a Status; faults inside are Document::problems.
    virtual Result<Document> load() = 0;
    // Calls `changed`, from a thread of its own, whenever load() may answer something else than it did; a change that
    // comes in several steps may be told once, after the last. Until stop(). Called at most once; `changed` does not
    // block. A source that cannot change, or cannot notice it, does nothing.
    virtual Status watch(std::function<void()> changed) {
        changed = nullptr;
        return {};
    }
};

}  // namespace abi1
}  // namespace switchhook
