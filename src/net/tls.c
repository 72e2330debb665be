#include "net/tls.h"

#include "base/arena.h"
#include "base/mem.h"
#include "net/address.h"
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

struct tls_context {
  SSL_CTX *ctx;
};

struct tls {
  SSL *ssl;
  BIO *in, *out; /* memory; owned by ssl */
};

static const char *reason(void) {
  const char *text = ERR_reason_error_string(ERR_peek_last_error());
  return text ? text : "no reason given";
}

static int load_authorities(SSL_CTX *ctx, struct str ca_file) {
  if (ca_file.n == 0) return SSL_CTX_set_default_verify_paths(ctx) == 1 ? 0 : -1;
  struct arena *arena = arena_new();
  int ok = SSL_CTX_load_verify_locations(ctx, arena_cstr(arena, ca_file), NULL);
  arena_free(arena);
  return ok == 1 ? 0 : -1;
}

struct tls_context *tls_context_client(struct str ca_file, struct error *error) {
  ERR_clear_error();
  SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
  if (!ctx) mem_exhausted(0);
  (void)SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
  SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
  SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
  if (load_authorities(ctx, ca_file) < 0) {
    (void)error_set(error, ERROR_configuration, "the certificates in %.*s cannot be read: %s", STR_ARG(ca_file.n ? ca_file : STR("the system's store")), reason());
    SSL_CTX_free(ctx);
    return NULL;
  }
  struct tls_context *context = mem_alloc(sizeof *context);
  context->ctx = ctx;
  return context;
}

void tls_context_free(struct tls_context *context) {
  if (!context) return;
  SSL_CTX_free(context->ctx);
  free(context);
}

/* RFC 6125: an address is looked for among the addresses of the certificate, a name among its names. RFC 6066 section 3: no address in SNI. */
static bool set_name(SSL *ssl, struct str host) {
  struct arena *arena = arena_new();
  const char *name = arena_cstr(arena, host);
  struct sockaddr_storage unused;
  X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
  X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  bool ok = address_parse(host, &unused) ? X509_VERIFY_PARAM_set1_ip_asc(param, name) == 1
                                         : X509_VERIFY_PARAM_set1_host(param, name, 0) == 1 && SSL_set_tlsext_host_name(ssl, name) == 1;
  arena_free(arena);
  return ok;
}

struct tls *tls_client(struct tls_context *context, struct str host) {
  struct tls *tls = mem_alloc(sizeof *tls);
  tls->ssl = SSL_new(context->ctx);
  tls->in = BIO_new(BIO_s_mem());
  tls->out = BIO_new(BIO_s_mem());
  if (!tls->ssl || !tls->in || !tls->out || !set_name(tls->ssl, host)) mem_exhausted(0);
  SSL_set_bio(tls->ssl, tls->in, tls->out);
  SSL_set_connect_state(tls->ssl);
  return tls;
}

void tls_free(struct tls *tls) {
  if (!tls) return;
  SSL_free(tls->ssl);
  free(tls);
}

void tls_feed(struct tls *tls, struct str ciphertext) {
  if (ciphertext.n && BIO_write(tls->in, ciphertext.p, (int)ciphertext.n) != (int)ciphertext.n) mem_exhausted(ciphertext.n);
}

static enum tls_state state_of(struct tls *tls, int result) {
  switch (SSL_get_error(tls->ssl, result)) {
  case SSL_ERROR_WANT_READ:
  case SSL_ERROR_WANT_WRITE: return TLS_MORE;
  case SSL_ERROR_ZERO_RETURN: return TLS_CLOSED;
  default: return TLS_BROKEN;
  }
}

enum tls_state tls_shake(struct tls *tls, struct error *error) {
  ERR_clear_error();
  int result = SSL_do_handshake(tls->ssl);
  if (result == 1) return TLS_DONE;
  if (state_of(tls, result) == TLS_MORE) return TLS_MORE;
  long verified = SSL_get_verify_result(tls->ssl);
  if (verified != X509_V_OK) (void)error_set(error, ERROR_certificate_refused, "the server's certificate is not trusted: %s", X509_verify_cert_error_string(verified));
  else (void)error_set(error, ERROR_server_unreachable, "the server does not speak TLS as it should: %s", reason());
  return TLS_BROKEN;
}

enum tls_state tls_read(struct tls *tls, char *p, size_t size, size_t *ret_n, struct error *error) {
  ERR_clear_error();
  int result = SSL_read_ex(tls->ssl, p, size, ret_n);
  if (result == 1) return TLS_DONE;
  enum tls_state state = state_of(tls, result);
  if (state == TLS_BROKEN) (void)error_set(error, ERROR_upstream_broken, "the TLS connection broke: %s", reason());
  return state;
}

int tls_write(struct tls *tls, struct str plaintext, struct error *error) {
  if (plaintext.n == 0) return 0;
  ERR_clear_error();
  size_t written;
  if (SSL_write_ex(tls->ssl, plaintext.p, plaintext.n, &written) == 1 && written == plaintext.n) return 0;
  return error_set(error, ERROR_upstream_broken, "the TLS connection broke: %s", reason());
}

void tls_close(struct tls *tls) {
  ERR_clear_error();
  (void)SSL_shutdown(tls->ssl);
}

struct str tls_out(struct tls *tls) {
  char *p;
  long n = BIO_get_mem_data(tls->out, &p);
  return n > 0 ? (struct str){p, (size_t)n} : STR_NONE;
}

void tls_out_sent(struct tls *tls) {
  (void)BIO_reset(tls->out);
}
