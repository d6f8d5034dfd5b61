// The recorded simple call as requests of LiveKit's, again and again with fresh ids, signed.
#pragma once

#include <ctime>
#include <string>
#include <vector>

namespace bench {

struct WebhookRequest {
    std::string event_id;
    std::string bytes;  // head and body
};

class RecordedCall {
public:
    // A recording in tests/data/recordings.
    explicit RecordedCall(const char* file);

    std::size_t size() const { return bodies_.size(); }
    // Event `event` of call number `call`, to a SIP address of `host`. `now`: Unix seconds, of the signature.
    WebhookRequest request(std::size_t call, std::size_t event, const std::string& host, std::time_t now) const;

private:
    std::vector<std::string> bodies_;
};

}  // namespace bench
