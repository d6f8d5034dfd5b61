#include "core/cli/recording.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <system_error>

#include "core/cli/json_text.hpp"

namespace switchhook::cli {
namespace {

Status wrong(const std::string& path, const std::string& why) {
    return {Code::invalid, path + ": " + why};
}

Result<std::vector<std::string>> read_lines(const std::string& path) {
    const auto text = read_text(path);
    if (!text) return text.status();
    std::vector<std::string> bodies;
    std::size_t number = 0;
    for (std::size_t begin = 0; begin < text->size(); ++number) {
        const auto end = std::min(text->find('\n', begin), text->size());
        const auto line = std::string_view(*text).substr(begin, end - begin);
        begin = end + 1;
        if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
        const auto value = read_json(line);
        const auto body = value && value->is_object() ? value->find("body") : Json::const_iterator{};
        if (!value || !value->is_object() || body == value->end() || !body->is_string())
            return wrong(path + ":" + std::to_string(number + 1), "no object with a text under \"body\"");
        bodies.push_back(body->get<std::string>());
    }
    return bodies;
}

Result<std::vector<std::string>> read_folder(const std::string& path) {
    std::vector<std::filesystem::path> files;
    std::error_code error;
    for (std::filesystem::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error))
        if (entry->is_regular_file()) files.push_back(entry->path());
    if (error) return wrong(path, error.message());
    std::ranges::sort(files);
    std::vector<std::string> bodies;
    for (const auto& file : files) {
        auto body = read_text(file.string());
        if (!body) return body.status();
        bodies.push_back(std::move(body).value());
    }
    return bodies;
}

}  // namespace

Result<std::string> read_text(const std::string& path) {
    const bool standard = path == "-";
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(standard ? stdin : std::fopen(path.c_str(), "rbe"),
                                                               standard ? [](std::FILE*) { return 0; } : std::fclose);
    if (!file) return wrong(path, std::strerror(errno));  // NOLINT(concurrency-mt-unsafe): one thread
    std::string text;
    std::array<char, 64 * 1024> buffer{};
    for (std::size_t read = 1; read > 0;) {
        read = std::fread(buffer.data(), 1, buffer.size(), file.get());
        text.append(buffer.data(), read);
        if (text.size() > kMostRecordedBytes) return wrong(path, "is larger than 256 MiB");
    }
    if (std::ferror(file.get()) != 0) return wrong(path, "cannot be read");
    return text;
}

Result<std::vector<std::string>> read_recording(const std::string& path) {
    std::error_code error;
    const bool folder = std::filesystem::is_directory(path, error);
    auto bodies = folder                     ? read_folder(path)
                  : path.ends_with(".jsonl") ? read_lines(path)
                                             : [&]() -> Result<std::vector<std::string>> {
        auto body = read_text(path);
        if (!body) return body.status();
        return std::vector<std::string>{std::move(body).value()};
    }();
    if (bodies && bodies->empty()) return wrong(path, "holds no webhook");
    return bodies;
}

}  // namespace switchhook::cli
