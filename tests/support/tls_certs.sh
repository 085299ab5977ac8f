#!/bin/sh
# tls_certs.sh DIR - what tests of TLS need: an authority (ca), a server of it (server: localhost, 127.0.0.1), one of
# another name (other), one whose time is over (expired), a client (client), and a client nobody knows (stranger).
set -e
cd "$1"
exec 2>log
new_key="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
# shellcheck disable=SC2086
signed() { # NAME ALT_NAME DAYS
    openssl req $new_key -keyout "$1.key" -out "$1.csr" -subj "/CN=$1"
    printf 'subjectAltName=%s\n' "$2" >"$1.ext"
    openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days "$3" -extfile "$1.ext" -out "$1.pem"
}
# shellcheck disable=SC2086
openssl req -x509 $new_key -keyout ca.key -out ca.pem -days 2 -subj "/CN=weir test authority"
signed server "DNS:localhost,IP:127.0.0.1" 2
signed other "DNS:elsewhere.example" 2
signed expired "DNS:localhost,IP:127.0.0.1" -1
signed client "DNS:client.example" 2
# shellcheck disable=SC2086
openssl req -x509 $new_key -keyout stranger.key -out stranger.pem -days 2 -subj "/CN=stranger"
openssl ec -in server.key -aes128 -passout pass:secret -out locked.key
