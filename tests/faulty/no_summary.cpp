// A component that does not say what it does.
#include "faulty.hpp"

FAULTY_DOOR {
    static auto spoiled = faulty::kEntry;
    spoiled.summary = nullptr;
    return &faulty::manifest(spoiled);
}
