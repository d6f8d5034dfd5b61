// Deliveries, attempts and requeue jobs as they are answered.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <switchhook/delivery_log.hpp>

#include "core/http/front.hpp"
#include "core/routing/routes.hpp"

namespace switchhook::api {

std::string_view state_name(DeliveryState state);
std::optional<DeliveryState> state_named(std::string_view name);

// Opaque to callers.
std::string cursor_of(DeliveryId next);
std::optional<DeliveryId> id_of_cursor(std::string_view cursor);
// Decimal, as ids are answered; nothing for any other text.
std::optional<std::uint64_t> parse_id(std::string_view text);

http::Response page_response(const LogPage& page, const routing::Routes& routes);
http::Response detail_response(const DeliveryDetail& detail, const routing::Routes& routes);
http::Response requeued_response(DeliveryId old, DeliveryId made);
http::Response job_response(int status, const RequeueJob& job);

}  // namespace switchhook::api
