// `switchhook deliveries ...` on a running server. Each answers what goes to standard output.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/cli/api_client.hpp"
#include "core/cli/form.hpp"

namespace switchhook::cli {

// Names and values of the API's filter: host, call, event, state, since, until; for a list also limit and cursor.
using DeliveryFilter = std::vector<std::pair<std::string, std::string>>;

Result<std::string> list_deliveries(ApiClient& api, const DeliveryFilter& filter, Form form);
// One delivery with its attempts and its event.
Result<std::string> show_delivery(ApiClient& api, const std::string& id, Form form);
Result<std::string> requeue_delivery(ApiClient& api, const std::string& id, Form form);
// Begins a job that requeues what the filter finds.
Result<std::string> requeue_deliveries(ApiClient& api, const DeliveryFilter& filter, Form form);
// The same, and waits for the end of the job; `pause` is called between two looks at it.
Result<std::string> requeue_and_wait(ApiClient& api, const DeliveryFilter& filter, const std::function<void()>& pause,
                                     Form form);
// How far that job is.
Result<std::string> show_requeue_job(ApiClient& api, const std::string& job, Form form);
Result<std::string> cancel_requeue_job(ApiClient& api, const std::string& job, Form form);

}  // namespace switchhook::cli
