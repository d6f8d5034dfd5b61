#include "core/http/request_reader.hpp"

#include <Poco/Exception.h>
#include <Poco/Net/HTTPRequest.h>

#include <istream>
#include <streambuf>
#include <utility>

namespace switchhook::http {
namespace {

class HeadBuffer final : public std::streambuf {
public:
    void show(std::string& head) { setg(head.data(), head.data(), head.data() + head.size()); }
    bool at_end() const { return gptr() == egptr(); }
};

}  // namespace

struct RequestReader::Impl {
    HeadBuffer buffer;
    std::istream stream{&buffer};
};

RequestReader::RequestReader() : impl_(std::make_unique<Impl>()) {}

RequestReader::~RequestReader() = default;

// Poco reads line and headers (3 us for a webhook of LiveKit) and must find what the guard found: the same method and
// target, as many fields, the same bytes used. Names and values are then taken from the guard's places, because Poco
// decodes RFC 2047 words ("=?utf-8?q?...?=") inside values, and a signature is checked over the bytes that were sent.
std::optional<Request> RequestReader::read(Frame frame) {
    Poco::Net::HTTPRequest parsed;
    parsed.setFieldLimit(0);  // the guard's limit holds
    impl_->buffer.show(frame.head);
    impl_->stream.clear();
    try {
        parsed.read(impl_->stream);
    } catch (const Poco::Exception&) {
        return std::nullopt;
    }
    const std::string_view target = frame.text(frame.target);
    if (parsed.getMethod() != frame.text(frame.method) || parsed.getURI() != target ||
        parsed.size() != frame.fields.size() || !impl_->buffer.at_end())
        return std::nullopt;

    Request request;
    request.method = parsed.getMethod();
    const std::size_t question = target.find('?');
    request.path = target.substr(0, question);
    if (question != std::string_view::npos) request.query = target.substr(question + 1);
    request.headers.reserve(frame.fields.size());
    for (const Frame::Field& field : frame.fields)
        request.headers.emplace_back(frame.text(field.name), frame.text(field.value));
    request.body = std::move(frame.body);
    return request;
}

}  // namespace switchhook::http
