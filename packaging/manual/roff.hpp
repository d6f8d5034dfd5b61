// Text for man(7).
#pragma once

#include <string>
#include <string_view>

namespace switchhook::manual {

// As it stands: no roff request, escape or hyphenation comes of it.
std::string plain(std::string_view text);
std::string bold(std::string_view text);
std::string italic(std::string_view text);

// An entry of a list of definitions. `tag` is roff, `text` is plain.
std::string entry(std::string_view tag, std::string_view text);

}  // namespace switchhook::manual
