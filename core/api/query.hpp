// The query of a request, taken apart.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace switchhook::api {

// Names and values, decoded, in their order; a pair without "=" is left out. Half an escape makes its part empty.
std::vector<std::pair<std::string, std::string>> query_parameters(std::string_view query);

}  // namespace switchhook::api
