// A certificate authority for tests, made anew in each run, and the certificates that it gives out.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

namespace switchhook::tests {

struct OpenSslFree {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(SSL* ssl) const { SSL_free(ssl); }
};

struct Certificate {
    std::unique_ptr<EVP_PKEY, OpenSslFree> key;
    std::unique_ptr<X509, OpenSslFree> x509;
};

class Authority {
public:
    explicit Authority(const std::string& name = "Switchhook test authority");
    // `names` as in subjectAltName: "DNS:hook.test,IP:127.0.0.1". Valid from now on for `days`; negative: it has
    // expired.
    Certificate issue(const std::string& names, int days = 1) const;
    std::string pem() const;

private:
    Certificate own_;
};

}  // namespace switchhook::tests
