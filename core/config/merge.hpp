// Several sources become one configuration.
#pragma once

#include <span>

#include <switchhook/document.hpp>

namespace switchhook::config {

// Later sources win, key by key; a list is one value and replaces the earlier list whole; a null gives nothing and
// replaces nothing. A block that gives another `use` is another component: it replaces the earlier block whole,
// settings included. Where a map meets something else, what is not a map stays, so that the check of the shape reports
// it. The place of a map is that of its first source.
Node merge(std::span<const Document> documents);

}  // namespace switchhook::config
