#include "core/app/stop_signals.hpp"

#include <csignal>

namespace switchhook::app {

bool stop_asked_for() {
    sigset_t pending;
    sigemptyset(&pending);
    if (::sigpending(&pending) != 0) return false;
    return sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1;
}

}  // namespace switchhook::app
