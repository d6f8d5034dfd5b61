// Component: what every instance has, whatever contract it implements.
#pragma once

#include <switchhook/result.hpp>

namespace switchhook {
inline namespace abi1 {

// Life: create (settings are checked, nothing is opened) -> start -> calls of its contract -> stop -> destroy.
// The host calls start and stop from one thread.
class Component {
public:
    virtual ~Component() = default;

    // Opens files, sockets, threads. A failure ends the start of the server: Code::unavailable means a needed service
    // is missing (exit 69), any other code is a matter of configuration (exit 78).
    virtual Status start() { return {}; }
    // Releases what start took, and finishes or hands back what is in hand. Safe twice, and without start.
    virtual void stop() {}
    // Any thread, never blocks. Not ok: the text appears in /readyz.
    virtual Status health() const { return {}; }
    // Before start, on the thread that created it: looks at what is stored or reachable without changing or creating
    // anything (`switchhook check`). What does not exist yet is well.
    virtual Status check() const { return {}; }
};

}  // namespace abi1
}  // namespace switchhook
