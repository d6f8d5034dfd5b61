// Any bytes as a hook file: a table or Code::corrupt; a table that was read is written and read again as the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <store_file/hook_file.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace switchhook;
    const auto table = store_file::parse({reinterpret_cast<const char*>(data), size});
    if (!table) {
        if (table.status().code() != Code::corrupt || table.status().message().empty()) std::abort();
        return 0;
    }
    const auto text = store_file::write(*table);
    if (!text) std::abort();
    const auto again = store_file::parse(*text);
    if (!again || !(*again == *table)) std::abort();
    return 0;
}
