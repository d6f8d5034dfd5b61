#include "core/app/reload_answer.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <system_error>

namespace switchhook::app {
namespace {

constexpr char kAsked[] = "reload.asked";
constexpr char kAnswered[] = "reload.answered";  // the mark, a line end, the problems

}  // namespace

std::filesystem::path ReloadAnswer::runtime_directory() {
    const char* folders = std::getenv("RUNTIME_DIRECTORY");  // NOLINT(concurrency-mt-unsafe): there is one thread
    if (folders == nullptr) return {};
    const std::string all(folders);
    return all.substr(0, all.find(':'));
}

// Whole or not at all for whoever reads it.
bool ReloadAnswer::write(const char* name, const std::string& text) const {
    const auto file = folder_ / name;
    auto fresh = file;
    fresh += ".new";
    std::ofstream out(fresh, std::ios::binary | std::ios::trunc);
    out << text;
    out.close();
    std::error_code failed;
    if (out) std::filesystem::rename(fresh, file, failed);
    return out && !failed;
}

std::optional<std::string> ReloadAnswer::read(const char* name) const {
    if (folder_.empty()) return std::nullopt;
    std::ifstream in(folder_ / name, std::ios::binary);
    if (!in) return std::nullopt;
    return std::string(std::istreambuf_iterator<char>(in), {});
}

bool ReloadAnswer::ask(const std::string& mark) const {
    return !folder_.empty() && write(kAsked, mark);
}

std::string ReloadAnswer::asked() const {
    return read(kAsked).value_or("");
}

void ReloadAnswer::answer(const std::string& mark, const std::string& problems) const {
    if (!mark.empty()) static_cast<void>(write(kAnswered, mark + "\n" + problems));
}

std::optional<std::string> ReloadAnswer::answer_to(const std::string& mark) const {
    const auto answered = read(kAnswered);
    if (!answered || !answered->starts_with(mark + "\n")) return std::nullopt;
    return answered->substr(mark.size() + 1);
}

}  // namespace switchhook::app
