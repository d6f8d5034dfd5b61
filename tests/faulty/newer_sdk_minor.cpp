// Built for a later SDK of the same major.
#include "faulty.hpp"

FAULTY_DOOR {
    auto& spoiled = faulty::manifest();
    spoiled.sdk_minor = SWITCHHOOK_SDK_MINOR + 1;
    return &spoiled;
}
