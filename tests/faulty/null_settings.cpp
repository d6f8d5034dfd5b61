// A component that says it has settings and shows none.
#include "faulty.hpp"

FAULTY_DOOR {
    static auto spoiled = faulty::kEntry;
    spoiled.settings_count = 3;
    return &faulty::manifest(spoiled);
}
