// Where the test's plugins are, and a folder that is gone when the test is over.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <switchhook/document.hpp>

namespace switchhook::plugin::test {

inline std::filesystem::path faulty(const std::string& name) {
    return std::filesystem::path(SWITCHHOOK_BINARY_DIR) / "tests/faulty/lib" / (name + ".so");
}

class TemporaryFolder final {
public:
    TemporaryFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "switchhook-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
        path_ = name;
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
    const std::filesystem::path& path() const { return path_; }
    // A copy that only its owner can write, whatever the umask.
    std::filesystem::path copy(const std::string& faulty_name, const std::string& as) const {
        std::filesystem::copy_file(faulty(faulty_name), path_ / as);
        std::filesystem::permissions(path_ / as, std::filesystem::perms(0644));
        return path_ / as;
    }
    std::filesystem::path write(const std::string& name, const std::string& bytes) const {
        std::ofstream(path_ / name, std::ios::binary) << bytes;
        std::filesystem::permissions(path_ / name, std::filesystem::perms(0644));
        return path_ / name;
    }

private:
    std::filesystem::path path_;
};

inline std::string shown(const std::vector<Problem>& problems) {
    std::string text;
    for (const auto& each : problems) text += each.place + ": " + each.text + "\n";
    return text;
}

inline Node scalar(std::string text, std::string place = {}, bool quoted = false) {
    Node node;
    node.kind = NodeKind::scalar;
    node.text = std::move(text);
    node.place = std::move(place);
    node.quoted = quoted;
    return node;
}

inline Node list(std::vector<Node> items, std::string place = {}) {
    Node node;
    node.kind = NodeKind::list;
    node.items = std::move(items);
    node.place = std::move(place);
    return node;
}

inline Node map(std::vector<Node::Entry> entries, std::string place = {}) {
    Node node;
    node.kind = NodeKind::map;
    node.entries = std::move(entries);
    node.place = std::move(place);
    return node;
}

}  // namespace switchhook::plugin::test
