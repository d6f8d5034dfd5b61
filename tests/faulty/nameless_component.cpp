// A component without a name.
#include "faulty.hpp"

FAULTY_DOOR {
    static auto spoiled = faulty::kEntry;
    spoiled.name = nullptr;
    return &faulty::manifest(spoiled);
}
