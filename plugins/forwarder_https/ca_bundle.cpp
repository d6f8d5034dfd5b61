#include "ca_bundle.hpp"

#include <curl/curl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <utility>

namespace switchhook::https {
namespace {

std::optional<std::string> read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return std::nullopt;
    std::ostringstream text;
    text << file.rdbuf();
    if (!file) return std::nullopt;
    return std::move(text).str();
}

bool holds_certificate(const std::string& pem) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                        &BIO_free);
    X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr);
    ERR_clear_error();
    X509_free(certificate);
    return certificate != nullptr;
}

bool write_all(int file, const std::string& text) {
    std::size_t done = 0;
    while (done < text.size()) {
        const auto written = ::write(file, text.data() + done, text.size() - done);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        done += static_cast<std::size_t>(written);
    }
    return true;
}

}  // namespace

CaBundle::CaBundle(int file) : file_(file), path_("/proc/self/fd/" + std::to_string(file)) {}

CaBundle::CaBundle(CaBundle&& other) noexcept : file_(std::exchange(other.file_, -1)), path_(std::move(other.path_)) {}

CaBundle& CaBundle::operator=(CaBundle&& other) noexcept {
    std::swap(file_, other.file_);
    std::swap(path_, other.path_);
    return *this;
}

CaBundle::~CaBundle() {
    if (file_ >= 0) ::close(file_);
}

std::string CaBundle::system_file() {
    const auto* info = curl_version_info(CURLVERSION_NOW);
    return info->cainfo == nullptr ? std::string() : std::string(info->cainfo);
}

Result<CaBundle> CaBundle::merge(const std::string& system_file, const std::string& private_file) {
    std::string merged;
    if (!private_file.empty()) {
        const auto own = read_file(private_file);
        if (!own) return Status(Code::invalid, "forwarder.ca_file '" + private_file + "' cannot be read");
        if (!holds_certificate(*own))
            return Status(Code::invalid, "forwarder.ca_file '" + private_file + "' holds no certificate in PEM form");
        merged = *own + "\n";
    }
    if (const auto system = read_file(system_file); system && holds_certificate(*system)) merged += *system;
    if (merged.empty())
        return Status(Code::invalid, "no CA certificates: '" + system_file +
                                         "' cannot be read and forwarder.ca_file is not set; install ca-certificates");
    const int file = ::memfd_create("switchhook-ca", MFD_CLOEXEC);
    if (file < 0) return Status(Code::internal, std::string("memfd_create: ") + std::strerror(errno));
    CaBundle bundle(file);
    if (!write_all(file, merged)) return Status(Code::internal, std::string("CA bundle: ") + std::strerror(errno));
    return bundle;
}

}  // namespace switchhook::https
