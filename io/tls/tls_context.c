/* tls_context.c - certificates, keys, and whom to trust. */
#include "tls_context.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tls_bio.h"
#include "tls_fault.h"

weir_tls_options weir_tls_client(void)
{
    return (weir_tls_options){ .verify = true };
}

weir_tls_options weir_tls_server(void)
{
    return (weir_tls_options){ .is_server = true };
}

weir_tls_context *weir_tls_context_hold(weir_tls_context *context)
{
    (void)__atomic_fetch_add(&context->refs, 1, __ATOMIC_RELAXED);
    return context;
}

void weir_tls_context_put(weir_tls_context *context)
{
    if (context == NULL || __atomic_fetch_sub(&context->refs, 1, __ATOMIC_ACQ_REL) != 1)
        return;
    context->lib->SSL_CTX_free(context->ctx);
    free(context);
}

static int say(char *fault, int error, const char *path, const char *why)
{
    (void)snprintf(fault, WEIR_TLS_FAULT_MAX, "%s: %s", path, why);
    return error;
}

/* For a key with a password: nobody is there to be asked. */
static int no_password(char *buffer, int size, int rwflag, void *arg)
{
    (void)buffer, (void)size, (void)rwflag, (void)arg;
    return -1;
}

/* OpenSSL says of a file that can't be opened less than open(2) does. */
static int look(const char *path, char *fault)
{
    return access(path, R_OK) == 0 ? 0 : say(fault, -errno, path, strerror(errno));
}

static int refuse(const struct weir_tls_context *self, char *fault, const char *path)
{
    wi_tls_fault_take(self->lib, fault, path);
    return -EINVAL;
}

static int use_certificate(const struct weir_tls_context *self, const weir_tls_options *options, char *fault)
{
    const struct libssl *lib = self->lib;
    const char *key = options->key_file != NULL ? options->key_file : options->cert_file;
    if (options->cert_file == NULL)
        return options->is_server ? say(fault, -EINVAL, "TLS", "a server has a certificate, and none was given")
               : key != NULL      ? say(fault, -EINVAL, key, "a key without its certificate")
                                  : 0;
    int error = look(options->cert_file, fault);
    if (error == 0)
        error = look(key, fault);
    if (error < 0)
        return error;
    if (lib->SSL_CTX_use_certificate_chain_file(self->ctx, options->cert_file) != 1)
        return refuse(self, fault, options->cert_file);
    if (lib->SSL_CTX_use_PrivateKey_file(self->ctx, key, SSL_FILETYPE_PEM) != 1 ||
        lib->SSL_CTX_check_private_key(self->ctx) != 1)
        return refuse(self, fault, key);
    return 0;
}

static int use_authorities(const struct weir_tls_context *self, const weir_tls_options *options, char *fault)
{
    const struct libssl *lib = self->lib;
    const char *path = options->ca_file;
    if (!options->verify)
        return 0;
    if (path == NULL && options->is_server)
        return say(fault, -EINVAL, "TLS", "who signs the certificates of clients is to be said");
    if (path == NULL)
        return lib->SSL_CTX_set_default_verify_paths(self->ctx) == 1 ? 0 : refuse(self, fault, "TLS");
    const int error = look(path, fault);
    if (error < 0)
        return error;
    if (lib->SSL_CTX_load_verify_file(self->ctx, path) != 1)
        return refuse(self, fault, path);
    if (options->is_server) { /* clients that have several certificates choose by it */
        STACK_OF(X509_NAME) *names = lib->SSL_load_client_CA_file(path);
        if (names == NULL)
            return refuse(self, fault, path);
        lib->SSL_CTX_set_client_CA_list(self->ctx, names);
    }
    return 0;
}

static void set_up(const struct weir_tls_context *self)
{
    const struct libssl *lib = self->lib;
    (void)lib->SSL_CTX_ctrl(self->ctx, SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_2_VERSION, NULL);
    (void)lib->SSL_CTX_ctrl(self->ctx, SSL_CTRL_MODE, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_RELEASE_BUFFERS, NULL);
    (void)lib->SSL_CTX_ctrl(self->ctx, SSL_CTRL_SET_READ_AHEAD, 1, NULL);
    (void)lib->SSL_CTX_ctrl(self->ctx, SSL_CTRL_SET_SESS_CACHE_MODE, SSL_SESS_CACHE_OFF, NULL);
    (void)lib->SSL_CTX_set_options(self->ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET);
    (void)lib->SSL_CTX_set_num_tickets(self->ctx, 0);
    lib->SSL_CTX_set_default_passwd_cb(self->ctx, no_password);
    if (self->verify)
        lib->SSL_CTX_set_verify(self->ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
}

int weir_tls_context_create(const weir_tls_options *options, weir_tls_context **ret_context,
                            char fault[WEIR_TLS_FAULT_MAX])
{
    const struct libssl *lib = wi_libssl();
    if (lib == NULL)
        return say(fault, -ENOTSUP, "TLS", "there is no OpenSSL 3 (libssl.so.3) on this machine");
    struct weir_tls_context *self = calloc(1, sizeof *self);
    if (self == NULL)
        return say(fault, -ENOMEM, "TLS", "no memory");
    *self = (struct weir_tls_context){ .refs = 1,
                                       .lib = lib,
                                       .method = wi_tls_bio_method(lib),
                                       .is_server = options->is_server,
                                       .verify = options->verify };
    lib->ERR_clear_error();
    self->ctx = lib->SSL_CTX_new(options->is_server ? lib->TLS_server_method() : lib->TLS_client_method());
    int error = self->ctx == NULL || self->method == NULL ? say(fault, -ENOMEM, "TLS", "no memory") : 0;
    if (error == 0) {
        set_up(self);
        error = use_certificate(self, options, fault);
    }
    if (error == 0)
        error = use_authorities(self, options, fault);
    lib->ERR_clear_error();
    if (error < 0) {
        weir_tls_context_put(self);
        return error;
    }
    *ret_context = self;
    return 0;
}
