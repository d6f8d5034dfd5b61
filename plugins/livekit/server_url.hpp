// Where LiveKit's API is, as people write it.
#pragma once

#include <string>
#include <string_view>

#include <switchhook/result.hpp>

namespace switchhook::livekit_api {

// http, https, ws and wss (LiveKit's own SDKs are given ws URLs) -> http or https, the path kept, no slash at the end.
// Code::invalid with the reason; user info, query and fragment are refused, because they end up in texts and logs.
Result<std::string> read_server_url(std::string_view text);

}  // namespace switchhook::livekit_api
