// Its manifest function throws what the standard library throws.
#include <stdexcept>

#include "faulty.hpp"

FAULTY_DOOR {
    throw std::runtime_error("no manifest today");
}
