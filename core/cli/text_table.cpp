#include "core/cli/text_table.hpp"

#include <algorithm>
#include <cstddef>

namespace switchhook::cli {
namespace {

// Every byte but those that continue a UTF-8 character.
std::size_t width(std::string_view text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

void append_row(std::string& text, const Row& row, const std::vector<std::size_t>& widths) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
        if (widths[i] == 0) continue;
        const std::string cell = plain(row[i]);
        line.append(cell).append(widths[i] - width(cell) + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text.append(line).append("\n");
}

}  // namespace

std::string plain(std::string_view text) {
    std::string made(text);
    std::ranges::replace_if(
        made, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
    return made;
}

std::string text_table(const Row& titles, const std::vector<Row>& rows) {
    std::vector<std::size_t> widths(titles.size(), 0);
    for (const auto& row : rows)
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
    for (std::size_t i = 0; i < titles.size(); ++i)
        if (widths[i] != 0 || rows.empty()) widths[i] = std::max(widths[i], width(titles[i]));
    std::string text;
    append_row(text, titles, widths);
    for (const auto& row : rows) append_row(text, row, widths);
    return text;
}

}  // namespace switchhook::cli
