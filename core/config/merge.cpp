#include "core/config/merge.hpp"

#include <string_view>
#include <utility>

namespace switchhook::config {
namespace {

std::string_view use_of(const Node& map) {
    const Node* use = map.find("use");
    return use != nullptr && use->kind == NodeKind::scalar ? std::string_view(use->text) : std::string_view{};
}

bool another_component(const Node& base, const Node& over) {
    return !use_of(over).empty() && !use_of(base).empty() && use_of(over) != use_of(base);
}

void merge_over(Node& base, const Node& over) {
    if (over.kind == NodeKind::null) return;
    const bool both_maps = base.kind == NodeKind::map && over.kind == NodeKind::map;
    if (both_maps && !another_component(base, over)) {
        for (const auto& [name, node] : over.entries) {
            if (Node* known = base.find(name))
                merge_over(*known, node);
            else
                base.entries.emplace_back(name, node);
        }
        return;
    }
    const bool base_is_wrong = over.kind == NodeKind::map && base.kind != NodeKind::map && base.kind != NodeKind::null;
    if (!base_is_wrong) base = over;
}

}  // namespace

Node merge(std::span<const Document> documents) {
    Node merged;
    for (const Document& document : documents) {
        if (merged.kind == NodeKind::null && document.root.kind == NodeKind::null && merged.place.empty())
            merged.place = document.root.place;  // an empty file is a file
        const std::string first_place = merged.place;
        merge_over(merged, document.root);
        if (!first_place.empty()) merged.place = first_place;
    }
    return merged;
}

}  // namespace switchhook::config
