// A manifest that ends before its last field.
#include "faulty.hpp"

FAULTY_DOOR {
    auto& spoiled = faulty::manifest();
    spoiled.size = sizeof(faulty::Manifest) - sizeof(void*);
    return &spoiled;
}
