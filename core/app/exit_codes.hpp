// The exit codes that scripts rely on (sysexits.h has the same numbers).
#pragma once

#include <switchhook/result.hpp>

namespace switchhook::app {

constexpr int kExitWell = 0;
constexpr int kExitPending = 2;  // provision --plan: there are changes to make
constexpr int kExitUsage = 64;
constexpr int kExitUnavailable = 69;    // a needed service is missing
constexpr int kExitSoftware = 70;       // anything else
constexpr int kExitConfiguration = 78;  // what the operator wrote, or what is stored, stops the start

// The exit code of a failure to start.
inline int exit_code(const Status& failure) {
    switch (failure.code()) {
        case Code::ok:
            return kExitWell;
        case Code::unavailable:
            return kExitUnavailable;
        case Code::internal:
            return kExitSoftware;
        case Code::invalid:
        case Code::not_found:
        case Code::conflict:
        case Code::corrupt:
        case Code::full:
            return kExitConfiguration;
    }
    return kExitSoftware;
}

}  // namespace switchhook::app
