// A configuration file from anybody: read, merged with itself, compiled and shown without a crash, and every fault has
// a place.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "core/config/compile.hpp"
#include "core/config/merge.hpp"
#include "core/config/show.hpp"
#include "plugins/config_file/yaml_reader.hpp"

using namespace switchhook;

namespace {

// Secrets by reference read files and the environment, which is not what is searched here.
void make_literal(Node& node) {
    if (node.text.find(':') < 11) node.text.insert(0, "x");
    for (Node& item : node.items) make_literal(item);
    for (auto& entry : node.entries) make_literal(entry.second);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    Document document = config_file::read_yaml(text, "f");
    for (const Problem& problem : document.problems)
        if (!problem.place.starts_with("f:") || problem.text.empty()) std::abort();
    make_literal(document.root);
    const std::vector<Document> documents{document, document};
    const Node merged = config::merge(documents);
    std::vector<Problem> problems;
    const config::Config config = config::compile(merged, problems);
    if (config::show(merged, config, {}).empty()) std::abort();
    return 0;
}
