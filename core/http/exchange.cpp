#include <utility>

#include "core/http/connection.hpp"
#include "core/http/front.hpp"
#include "core/http/reply.hpp"

namespace switchhook::http {

std::string_view Request::header(std::string_view name) const {
    for (const auto& [key, value] : headers)
        if (same_letters(key, name)) return value;
    return {};
}

bool Request::has_header(std::string_view name) const {
    for (const auto& [key, value] : headers)
        if (same_letters(key, name)) return true;
    return false;
}

Exchange::Exchange(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}

Exchange::Exchange(Exchange&&) noexcept = default;

Exchange& Exchange::operator=(Exchange&& other) noexcept {
    if (this != &other) {
        if (connection_) connection_->answer(error_reply(500));
        connection_ = std::move(other.connection_);
    }
    return *this;
}

Exchange::~Exchange() {
    if (connection_) connection_->answer(error_reply(500));
}

void Exchange::answer(const Response& response) {
    if (const auto connection = std::exchange(connection_, nullptr)) connection->answer(response);
}

}  // namespace switchhook::http
