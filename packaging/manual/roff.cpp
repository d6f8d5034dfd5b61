#include "packaging/manual/roff.hpp"

namespace switchhook::manual {

std::string plain(std::string_view text) {
    std::string roff;
    for (const char letter : text) {
        switch (letter) {
            case '\\':
                roff += "\\e";
                break;
            case '-':
                roff += "\\-";  // a minus that can be copied, not a hyphen
                break;
            case '\'':
                roff += "\\(aq";
                break;
            case '`':
                roff += "\\(ga";
                break;
            case '^':
                roff += "\\(ha";
                break;
            case '~':
                roff += "\\(ti";
                break;
            default:
                roff += letter;
        }
    }
    if (roff.starts_with('.')) roff.insert(0, "\\&");
    return roff;
}

std::string bold(std::string_view text) {
    return "\\fB" + plain(text) + "\\fR";
}

std::string italic(std::string_view text) {
    return "\\fI" + plain(text) + "\\fR";
}

std::string entry(std::string_view tag, std::string_view text) {
    return ".TP\n" + std::string(tag) + "\n" + plain(text) + "\n";
}

}  // namespace switchhook::manual
