#include "certificates.hpp"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <stdexcept>

namespace switchhook::tests {
namespace {

void must(bool worked) {
    if (!worked) throw std::runtime_error("OpenSSL refused to make a certificate");
}

void extend(X509* certificate, X509* issuer, int what, const std::string& text) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, what, text.c_str());
    must(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

// Without an issuer it signs itself.
Certificate make(const std::string& name, const Certificate* issuer, const std::string& names, int days) {
    static long serial = 1;
    Certificate made;
    made.key.reset(EVP_EC_gen("P-256"));
    made.x509.reset(X509_new());
    X509* certificate = made.x509.get();
    must(made.key && certificate != nullptr);
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate), days < 0 ? -86400L * 30 : -60L);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 86400L * days);
    X509_set_pubkey(certificate, made.key.get());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509* by = issuer != nullptr ? issuer->x509.get() : certificate;
    X509_set_issuer_name(certificate, X509_get_subject_name(by));
    if (issuer == nullptr) extend(certificate, by, NID_basic_constraints, "critical,CA:TRUE");
    if (!names.empty()) extend(certificate, by, NID_subject_alt_name, names);
    must(X509_sign(certificate, issuer != nullptr ? issuer->key.get() : made.key.get(), EVP_sha256()) > 0);
    return made;
}

}  // namespace

Authority::Authority(const std::string& name) : own_(make(name, nullptr, "", 1)) {}

Certificate Authority::issue(const std::string& names, int days) const {
    return make("test receiver", &own_, names, days);
}

std::string Authority::pem() const {
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, own_.x509.get());
    char* text = nullptr;
    const long size = BIO_get_mem_data(bio, &text);
    std::string pem(text, static_cast<std::size_t>(size));
    BIO_free(bio);
    return pem;
}

}  // namespace switchhook::tests
