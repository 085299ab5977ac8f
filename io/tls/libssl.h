/*
 * libssl.h - OpenSSL's libssl and what of libcrypto belongs to it, loaded when the first context is made.
 *
 * Together they are 6 MB, which take some milliseconds to load and relocate, and
 * most runs never meet them.
 */
#ifndef WI_LIBSSL_H
#define WI_LIBSSL_H

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#define WI_LIBSSL_FUNCTIONS(X)            \
    X(BIO_clear_flags)                    \
    X(BIO_get_data)                       \
    X(BIO_meth_new)                       \
    X(BIO_meth_set_create)                \
    X(BIO_meth_set_ctrl)                  \
    X(BIO_meth_set_read)                  \
    X(BIO_meth_set_write)                 \
    X(BIO_new)                            \
    X(BIO_set_data)                       \
    X(BIO_set_flags)                      \
    X(BIO_set_init)                       \
    X(ERR_clear_error)                    \
    X(ERR_get_error)                      \
    X(ERR_reason_error_string)            \
    X(SSL_CTX_check_private_key)          \
    X(SSL_CTX_ctrl)                       \
    X(SSL_CTX_free)                       \
    X(SSL_CTX_load_verify_file)           \
    X(SSL_CTX_new)                        \
    X(SSL_CTX_set_client_CA_list)         \
    X(SSL_CTX_set_default_passwd_cb)      \
    X(SSL_CTX_set_default_verify_paths)   \
    X(SSL_CTX_set_num_tickets)            \
    X(SSL_CTX_set_options)                \
    X(SSL_CTX_set_verify)                 \
    X(SSL_CTX_use_PrivateKey_file)        \
    X(SSL_CTX_use_certificate_chain_file) \
    X(SSL_ctrl)                           \
    X(SSL_do_handshake)                   \
    X(SSL_free)                           \
    X(SSL_get0_param)                     \
    X(SSL_get_error)                      \
    X(SSL_get_verify_result)              \
    X(SSL_load_client_CA_file)            \
    X(SSL_new)                            \
    X(SSL_read)                           \
    X(SSL_set1_host)                      \
    X(SSL_set_accept_state)               \
    X(SSL_set_bio)                        \
    X(SSL_set_connect_state)              \
    X(SSL_shutdown)                       \
    X(SSL_write)                          \
    X(TLS_client_method)                  \
    X(TLS_server_method)                  \
    X(X509_VERIFY_PARAM_set1_ip_asc)      \
    X(X509_verify_cert_error_string)

struct libssl {
#define X(name) __typeof__(name) *name;
    WI_LIBSSL_FUNCTIONS(X)
#undef X
};

/* NULL: this machine has none that fits. Any thread. Stays loaded. */
const struct libssl *wi_libssl(void);

#endif
