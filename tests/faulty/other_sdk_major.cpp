// Built for another SDK.
#include "faulty.hpp"

FAULTY_DOOR {
    auto& spoiled = faulty::manifest();
    spoiled.sdk_major = SWITCHHOOK_SDK_MAJOR + 1;
    return &spoiled;
}
