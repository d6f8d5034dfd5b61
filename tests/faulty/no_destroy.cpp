// A component that cannot be given back.
#include "faulty.hpp"

FAULTY_DOOR {
    static auto spoiled = faulty::kEntry;
    spoiled.destroy = nullptr;
    return &faulty::manifest(spoiled);
}
