// ConfigSource: where a configuration is read from.
#pragma once

#include <switchhook/component.hpp>
#include <switchhook/document.hpp>

namespace switchhook {
inline namespace abi1 {

// Settings: every source is given `argument`, the text behind the colon of `--config file:PATH` (empty without one).
class ConfigSource : public Component {
public:
    // Reads everything now. A source that cannot be read at all is a Status; faults inside are Document::problems.
    virtual Result<Document> load() = 0;
};

}  // namespace abi1
}  // namespace switchhook
