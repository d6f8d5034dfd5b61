// A component that cannot be made.
#include "faulty.hpp"

FAULTY_DOOR {
    static auto spoiled = faulty::kEntry;
    spoiled.create = nullptr;
    return &faulty::manifest(spoiled);
}
