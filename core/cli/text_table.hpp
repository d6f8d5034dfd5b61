// Aligned columns for people.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace switchhook::cli {

using Row = std::vector<std::string>;

// A text that cannot disturb the terminal: control characters as '?'.
std::string plain(std::string_view text);

// Titles, then the rows, each as wide as its widest cell (in characters, not bytes). Every row has as many cells as
// there are titles; a column without any value is left out. Ends with a line end.
std::string text_table(const Row& titles, const std::vector<Row>& rows);

}  // namespace switchhook::cli
