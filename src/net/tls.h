/* tls: the bytes of one TLS connection, turned in memory: no socket in here.
 *
 * What holds always: TLS 1.2 or better, no compression, no renegotiation. A client checks the chain against its context's authorities, and the host name (or address)
 * against the certificate, before tls_shake answers TLS_DONE. After -1 or TLS_BROKEN nothing more is to be called but tls_free; what tls_out holds by then (an alert) may still be sent.
 *
 * Life cycle: tls_context_client once per server, tls_client per connection, tls_feed what the socket gave, tls_shake until done, then tls_read and tls_write; send what tls_out holds after each call; tls_free. */
#ifndef DRAWBRIDGE_NET_TLS_H
#define DRAWBRIDGE_NET_TLS_H

#include "base/error.h"

struct tls_context;
struct tls;

struct tls_context *tls_context_client(struct str ca_file, struct error *error); /* empty: the system's. NULL: ERROR_configuration */
void tls_context_free(struct tls_context *context);                              /* NULL is fine; connections keep what they need */

struct tls *tls_client(struct tls_context *context, struct str host);
void tls_free(struct tls *tls);

enum tls_state { TLS_MORE, TLS_DONE, TLS_CLOSED, TLS_BROKEN };

void tls_feed(struct tls *tls, struct str ciphertext);
enum tls_state tls_shake(struct tls *tls, struct error *error);                                      /* BROKEN: ERROR_certificate_refused, ERROR_server_unreachable */
enum tls_state tls_read(struct tls *tls, char *p, size_t size, size_t *ret_n, struct error *error);  /* DONE: *ret_n bytes; CLOSED: the other end said that it is done */
int tls_write(struct tls *tls, struct str plaintext, struct error *error);
void tls_close(struct tls *tls);                                                                     /* tells the other end that nothing follows */
struct str tls_out(struct tls *tls);                                                                 /* borrowed until the next call */
void tls_out_sent(struct tls *tls);                                                                  /* forgets what tls_out gave */

#endif
