// CaBundle: the certificates that receivers are checked against, in one file that libcurl reads.
#pragma once

#include <string>

#include <switchhook/result.hpp>

namespace switchhook::https {

// One file and no folder, because libcurl keeps its parsed CA store only then: with a CAPATH, or with the bundle as a
// blob, every new TLS connection costs 53 ms of CPU instead of 1.3 ms (libcurl 7.88). It lives in memory: a cleaner of
// /tmp cannot remove it, and curl reads it again once a day.
class CaBundle final {
public:
    // The system's bundle (`system_file`; may be missing when `private_file` is given) and `private_file` (PEM; empty:
    // none). A private file that cannot be read, or without a certificate in it, is Code::invalid.
    static Result<CaBundle> merge(const std::string& system_file, const std::string& private_file);
    // Where the system keeps its bundle, as libcurl was built; empty when it does not know.
    static std::string system_file();

    CaBundle(CaBundle&& other) noexcept;
    CaBundle& operator=(CaBundle&& other) noexcept;
    ~CaBundle();

    const std::string& path() const noexcept { return path_; }

private:
    explicit CaBundle(int file);
    int file_ = -1;
    std::string path_;
};

}  // namespace switchhook::https
