// A component entry that ends before its last field.
#include "faulty.hpp"

FAULTY_DOOR {
    static auto spoiled = faulty::kEntry;
    spoiled.size = sizeof(faulty::ComponentEntry) - sizeof(void*);
    return &faulty::manifest(spoiled);
}
