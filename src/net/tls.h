/* tls: the bytes of one TLS connection, turned in memory: no socket in here.
 *
 * What holds always (R-H4; RFC 9325): TLS 1.2 or better, no compression, no renegotiation; as a server only ciphers with forward secrecy and authenticated encryption, and no resumption: no ticket key that could
 * be stolen and open what was recorded. A client checks the chain against its context's authorities, and the host name (or address)
 * against the certificate, before tls_shake answers TLS_DONE. After -1 or TLS_BROKEN nothing more is to be called but tls_free; what tls_out holds by then (an alert) may still be sent.
 *
 * Life cycle: tls_context_client once per server, or tls_context_server once per certificate; tls_client or tls_server per connection, tls_feed what the socket gave, tls_shake until done, then tls_read and tls_write; send what tls_out holds after each call; tls_free. */
#ifndef DRAWBRIDGE_NET_TLS_H
#define DRAWBRIDGE_NET_TLS_H

#include "base/error.h"

struct tls_context;
struct tls;

struct tls_context *tls_context_client(struct str ca_file, struct error *error); /* empty: the system's. NULL: ERROR_configuration */
/* The certificate with its chain, and the key, as PEM files; speaks HTTP/2 and HTTP/1.1 by ALPN (RFC 7301), HTTP/1.1 without. NULL: ERROR_configuration; its reason is "certificate" or "key": whose fault it is.
 * Blocks. */
struct tls_context *tls_context_server(struct str certificate_file, struct str key_file, struct error *error);
struct tls_context *tls_context_ref(struct tls_context *context); /* any thread; NULL is fine */
void tls_context_free(
    struct tls_context *context); /* gives back one reference; any thread; NULL is fine; connections keep what they need */

struct tls_certificate { /* of a server's context */
  int64_t from_s, to_s;  /* good between these, seconds since 1970 */
  bool names_host;       /* it is for the host that was asked about (a name, or an address) */
};
struct tls_certificate tls_context_certificate(const struct tls_context *context, struct str host);

struct tls *tls_client(struct tls_context *context, struct str host);
struct tls *tls_server(struct tls_context *context);
void tls_free(struct tls *tls);

enum tls_state { TLS_MORE, TLS_DONE, TLS_CLOSED, TLS_BROKEN };

void tls_feed(struct tls *tls, struct str ciphertext);
enum tls_state
tls_shake(struct tls *tls,
          struct error *error); /* BROKEN: ERROR_certificate_refused, ERROR_server_unreachable; of a server: ERROR_bad_request */
enum tls_state tls_read(struct tls *tls, char *p, size_t size, size_t *ret_n,
                        struct error *error); /* DONE: *ret_n bytes; CLOSED: the other end said that it is done */
bool tls_waits(const struct tls *tls);        /* something that was fed is not read yet: without it tls_read would give MORE */
int tls_write(struct tls *tls, struct str plaintext, struct error *error);
struct str tls_protocol(const struct tls *tls); /* once shaken: "h2", "http/1.1", "http/1.0"; empty: not agreed on */
void tls_close(struct tls *tls);                /* tells the other end that nothing follows */
struct str tls_out(struct tls *tls);            /* borrowed until the next call */
void tls_out_sent(struct tls *tls);             /* forgets what tls_out gave */

#endif
