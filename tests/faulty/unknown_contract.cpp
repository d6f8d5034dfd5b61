// A component of a contract that does not exist.
#include "faulty.hpp"

FAULTY_DOOR {
    static auto spoiled = faulty::kEntry;
    spoiled.contract = static_cast<faulty::Contract>(99);
    return &faulty::manifest(spoiled);
}
