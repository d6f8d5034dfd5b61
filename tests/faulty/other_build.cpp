// Built with another sanitizer.
#include "faulty.hpp"

FAULTY_DOOR {
    auto& spoiled = faulty::manifest();
    spoiled.build = "gxx1017 cxx11=1 containers=plain sanitizer=other";
    return &spoiled;
}
