/* tls_fault.c - what went wrong, in OpenSSL's words. */
#include "tls_fault.h"

#include <stdio.h>
#include <string.h>

/* What a reason means for who reads it, where that isn't plain. */
static const char *hint(unsigned long error)
{
    if (ERR_GET_LIB(error) == ERR_LIB_PEM)
        return ERR_GET_REASON(error) == PEM_R_NO_START_LINE ? ": it isn't PEM, or has none of these" : "";
    if (ERR_GET_LIB(error) != ERR_LIB_SSL)
        return "";
    switch (ERR_GET_REASON(error)) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
        return ": what the other side says is no TLS";
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
        return ": TLS 1.2 or 1.3 is wanted";
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
        return ": clients must have one here";
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
        return ": the other side doesn't trust who signed our certificate";
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
        return ": the other side refuses our certificate";
#ifdef SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
        return ": the other side wants a certificate of ours";
#endif
    default:
        return "";
    }
}

void wi_tls_fault_take(const struct libssl *lib, char *fault, const char *what)
{
    const unsigned long first = lib->ERR_get_error();
    while (lib->ERR_get_error() != 0)
        ;
    if (fault == NULL)
        return;
    if (ERR_SYSTEM_ERROR(first)) {
        (void)snprintf(fault, WEIR_TLS_FAULT_MAX, "%s: %s", what, strerror((int)ERR_GET_REASON(first)));
        return;
    }
    const char *reason = first != 0 ? lib->ERR_reason_error_string(first) : NULL;
    (void)snprintf(fault, WEIR_TLS_FAULT_MAX, "%s: %s%s", what, reason != NULL ? reason : "it failed",
                   first != 0 ? hint(first) : "");
}
