#include "core/cli/http_connection.hpp"

#include <Poco/Exception.h>
#include <Poco/Net/Context.h>
#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/HTTPSClientSession.h>
#include <Poco/Net/NetSSL.h>
#include <Poco/Timespan.h>

#include <array>
#include <cstddef>
#include <istream>
#include <ostream>
#include <utility>

namespace switchhook::cli {
namespace {

constexpr long kConnectSeconds = 10;
constexpr long kSilenceSeconds = 60;
constexpr std::size_t kMostBytes = std::size_t{256} << 20;

Poco::Net::Context::Ptr tls_client() {
    return {new Poco::Net::Context(Poco::Net::Context::TLS_CLIENT_USE, "", Poco::Net::Context::VERIFY_STRICT, 9, true)};
}

std::unique_ptr<Poco::Net::HTTPClientSession> session_to(const ServerUrl& url) {
    auto session = url.tls ? std::make_unique<Poco::Net::HTTPSClientSession>(url.host, url.port, tls_client())
                           : std::make_unique<Poco::Net::HTTPClientSession>(url.host, url.port);
    session->setKeepAlive(true);
    session->setTimeout(Poco::Timespan(kConnectSeconds, 0), Poco::Timespan(kSilenceSeconds, 0),
                        Poco::Timespan(kSilenceSeconds, 0));
    return session;
}

// False: longer than an answer may be.
bool read_all(std::istream& in, std::string& body) {
    std::array<char, 16 * 1024> buffer{};
    while (in.read(buffer.data(), buffer.size()), in.gcount() > 0) {
        body.append(buffer.data(), static_cast<std::size_t>(in.gcount()));
        if (body.size() > kMostBytes) return false;
    }
    return true;
}

}  // namespace

struct HttpConnection::Impl {
    std::unique_ptr<Poco::Net::HTTPClientSession> session;
    bool used = false;  // an answer came over this connection
};

HttpConnection::HttpConnection(ServerUrl url) : url_(std::move(url)), impl_(std::make_unique<Impl>()) {
    if (url_.tls) Poco::Net::initializeSSL();
}

HttpConnection::~HttpConnection() {
    impl_.reset();
    if (url_.tls) Poco::Net::uninitializeSSL();
}

Result<Answer> HttpConnection::call(const std::string& method, const std::string& target, const HeaderLines& headers,
                                    const std::string& body) {
    const bool may_be_stale = impl_->used;
    auto answer = attempt(method, target, headers, body);
    // The server closes connections that were idle for long.
    if (!answer && may_be_stale) answer = attempt(method, target, headers, body);
    return answer;
}

Result<Answer> HttpConnection::attempt(const std::string& method, const std::string& target, const HeaderLines& headers,
                                       const std::string& body) {
    const auto unreachable = [this](const std::string& why) {
        impl_->session.reset();
        impl_->used = false;
        return Status(Code::unavailable, "the server at " + url_.text() + " cannot be reached: " + why);
    };
    try {
        if (!impl_->session) impl_->session = session_to(url_);
        Poco::Net::HTTPRequest request(method, url_.path + target, Poco::Net::HTTPMessage::HTTP_1_1);
        for (const auto& [name, value] : headers) request.set(name, value);
        if (method != "GET") request.setContentLength(static_cast<std::streamsize>(body.size()));
        std::ostream& out = impl_->session->sendRequest(request);
        out.write(body.data(), static_cast<std::streamsize>(body.size()));
        out.flush();
        Poco::Net::HTTPResponse response;
        Answer answer;
        std::istream& in = impl_->session->receiveResponse(response);
        if (!read_all(in, answer.body)) return unreachable("its answer is longer than 256 MiB");
        if (response.hasContentLength() &&
            answer.body.size() != static_cast<std::size_t>(response.getContentLength64()))
            return unreachable("its answer broke off");
        answer.status = static_cast<int>(response.getStatus());
        impl_->used = true;
        return answer;
    } catch (const Poco::TimeoutException&) {
        return unreachable("nothing came in time");
    } catch (const Poco::Exception& failure) {
        return unreachable(failure.displayText());
    }
}

}  // namespace switchhook::cli
