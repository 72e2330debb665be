#include "net/tls.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "net/address.h"
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdatomic.h>

enum {
  IN_MAX = 1024 * 1024,         /* one read of the socket, and what was left of the one before */
  OUT_MAX = 1024 * 1024 * 1024, /* a whole answer may be large */
};

struct tls_context {
  SSL_CTX *ctx;
  BIO_METHOD *ends; /* what lies below a connection: its two buffers */
  atomic_uint references;
};

struct tls {
  SSL *ssl;
  struct tls_context *context; /* own reference */
  struct buf in;               /* not read yet behind `taken` */
  size_t taken;
  struct buf out;
};

/* The two ends, as OpenSSL asks for them. (Its own memory for this wipes itself whole each time it has been read.) */

static int ends_read(BIO *bio, char *p, int size) {
  struct tls *tls = BIO_get_data(bio);
  struct str left = str_slice(buf_str(&tls->in), tls->taken, tls->taken + (size_t)size);
  BIO_clear_retry_flags(bio);
  if (left.n == 0) {
    BIO_set_retry_read(bio);
    return -1;
  }
  memcpy(p, left.p, left.n);
  tls->taken += left.n;
  return (int)left.n;
}

static int ends_write(BIO *bio, const char *p, int n) {
  struct tls *tls = BIO_get_data(bio);
  BIO_clear_retry_flags(bio);
  return buf_add(&tls->out, (struct str){p, (size_t)n}) ? n : -1;
}

static long ends_control(BIO *bio, int command, long number, void *pointer) {
  return command == BIO_CTRL_FLUSH; /* nothing waits; and nothing else can be done here */
}

static BIO_METHOD *ends_new(void) {
  BIO_METHOD *ends = BIO_meth_new(BIO_TYPE_MEM, "two buffers");
  if (!ends || BIO_meth_set_read(ends, ends_read) != 1 || BIO_meth_set_write(ends, ends_write) != 1 ||
      BIO_meth_set_ctrl(ends, ends_control) != 1)
    mem_exhausted(0);
  return ends;
}

/* What an earlier call left would be taken for this one's. Mostly there is nothing, which is cheaper to see than to clear. */
static void forget_errors(void) {
  if (ERR_peek_error()) ERR_clear_error();
}

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

static struct tls_context *context_new(const SSL_METHOD *method) {
  forget_errors();
  struct tls_context *context = mem_alloc(sizeof *context);
  context->ctx = SSL_CTX_new(method);
  if (!context->ctx) mem_exhausted(0);
  context->ends = ends_new();
  atomic_init(&context->references, 1);
  (void)SSL_CTX_set_min_proto_version(context->ctx, TLS1_2_VERSION);
  SSL_CTX_set_options(context->ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(context->ctx, SSL_MODE_RELEASE_BUFFERS);
  return context;
}

struct tls_context *tls_context_ref(struct tls_context *context) {
  if (context) atomic_fetch_add(&context->references, 1);
  return context;
}

void tls_context_free(struct tls_context *context) {
  if (!context || atomic_fetch_sub(&context->references, 1) > 1) return;
  SSL_CTX_free(context->ctx);
  BIO_meth_free(context->ends);
  free(context);
}

/* Clients. */

struct tls_context *tls_context_client(struct str ca_file, struct error *error) {
  struct tls_context *context = context_new(TLS_client_method());
  SSL_CTX_set_verify(context->ctx, SSL_VERIFY_PEER, NULL);
  if (load_authorities(context->ctx, ca_file) == 0) return context;
  (void)error_set(error, ERROR_configuration, "the certificates in %.*s cannot be read: %s",
                  STR_ARG(ca_file.n ? ca_file : STR("the system's store")), reason());
  tls_context_free(context);
  return NULL;
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

static struct tls *tls_new(struct tls_context *context) {
  struct tls *tls = mem_alloc(sizeof *tls);
  BIO *bio = BIO_new(context->ends);
  tls->ssl = SSL_new(context->ctx);
  if (!tls->ssl || !bio) mem_exhausted(0);
  tls->context = tls_context_ref(context);
  tls->in = BUF_INIT(IN_MAX);
  tls->out = BUF_INIT(OUT_MAX);
  BIO_set_data(bio, tls);
  BIO_set_init(bio, 1);
  SSL_set_bio(tls->ssl, bio, bio);
  return tls;
}

struct tls *tls_client(struct tls_context *context, struct str host) {
  struct tls *tls = tls_new(context);
  if (!set_name(tls->ssl, host)) mem_exhausted(0);
  SSL_set_connect_state(tls->ssl);
  return tls;
}

/* Servers. */

/* A key with a passphrase: there is nobody to ask. */
static int no_passphrase(char *buf, int size, int writing, void *payload) {
  return 0;
}

/* RFC 7301 section 3.2: the server's preference decides, and where nothing is shared the handshake ends. */
static int choose_protocol(SSL *ssl, const unsigned char **ret, unsigned char *ret_n, const unsigned char *offered, unsigned offered_n,
                           void *payload) {
  static const unsigned char known[] = "\x02h2\x08http/1.1\x08http/1.0";
  unsigned char *chosen;
  if (SSL_select_next_proto(&chosen, ret_n, known, sizeof known - 1, offered, offered_n) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *ret = chosen;
  return SSL_TLSEXT_ERR_OK;
}

static void set_strength(SSL_CTX *ctx) {
  if (SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1 || SSL_CTX_set1_groups_list(ctx, "X25519:P-256:P-384") != 1)
    mem_exhausted(0);
  SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA | SSL_OP_NO_TICKET);
  (void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  (void)SSL_CTX_set_num_tickets(ctx, 0);
}

static int refuse_file(struct error *error, const char *whose, const char *what, struct str file) {
  (void)error_set(error, ERROR_configuration, "%s %.*s cannot be used: %s", what, STR_ARG(file), reason());
  return error_because(error, whose);
}

static int load_pair(SSL_CTX *ctx, struct arena *arena, struct str certificate_file, struct str key_file, struct error *error) {
  SSL_CTX_set_default_passwd_cb(ctx, no_passphrase);
  if (SSL_CTX_use_certificate_chain_file(ctx, arena_cstr(arena, certificate_file)) != 1)
    return refuse_file(error, "certificate", "the certificate", certificate_file);
  forget_errors();
  if (SSL_CTX_use_PrivateKey_file(ctx, arena_cstr(arena, key_file), SSL_FILETYPE_PEM) != 1 || SSL_CTX_check_private_key(ctx) != 1)
    return refuse_file(error, "key", "the private key", key_file);
  return 0;
}

struct tls_context *tls_context_server(struct str certificate_file, struct str key_file, struct error *error) {
  struct tls_context *context = context_new(TLS_server_method());
  struct arena *arena = arena_new();
  set_strength(context->ctx);
  SSL_CTX_set_alpn_select_cb(context->ctx, choose_protocol, NULL);
  int failed = load_pair(context->ctx, arena, certificate_file, key_file, error);
  arena_free(arena);
  if (!failed) return context;
  tls_context_free(context);
  return NULL;
}

static int64_t seconds_of(const ASN1_TIME *time) {
  struct tm tm;
  return ASN1_TIME_to_tm(time, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

struct tls_certificate tls_context_certificate(const struct tls_context *context, struct str host) {
  X509 *certificate = SSL_CTX_get0_certificate(context->ctx);
  struct sockaddr_storage unused;
  struct arena *arena = arena_new();
  const char *name = arena_cstr(arena, host);
  bool literal = address_parse(host, &unused);
  int named = literal ? X509_check_ip_asc(certificate, name, 0)
                      : X509_check_host(certificate, name, host.n, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, NULL);
  arena_free(arena);
  return (struct tls_certificate){.from_s = seconds_of(X509_get0_notBefore(certificate)),
                                  .to_s = seconds_of(X509_get0_notAfter(certificate)),
                                  .names_host = named == 1};
}

struct tls *tls_server(struct tls_context *context) {
  struct tls *tls = tls_new(context);
  SSL_set_accept_state(tls->ssl);
  return tls;
}

/* Connections. */

void tls_free(struct tls *tls) {
  if (!tls) return;
  SSL_free(tls->ssl);
  tls_context_free(tls->context);
  buf_free(&tls->in);
  buf_free(&tls->out);
  free(tls);
}

void tls_feed(struct tls *tls, struct str ciphertext) {
  buf_drop(&tls->in, tls->taken);
  tls->taken = 0;
  if (!buf_add(&tls->in, ciphertext)) mem_exhausted(ciphertext.n);
}

bool tls_waits(const struct tls *tls) {
  return tls->taken < tls->in.n || SSL_pending(tls->ssl) > 0;
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
  forget_errors();
  int result = SSL_do_handshake(tls->ssl);
  if (result == 1) return TLS_DONE;
  if (state_of(tls, result) == TLS_MORE) return TLS_MORE;
  long verified = SSL_get_verify_result(tls->ssl);
  if (SSL_is_server(tls->ssl))
    (void)error_set(error, ERROR_bad_request, "the TLS handshake failed: %s", reason());
  else if (verified != X509_V_OK)
    (void)error_set(error, ERROR_certificate_refused, "the server's certificate is not trusted: %s",
                    X509_verify_cert_error_string(verified));
  else
    (void)error_set(error, ERROR_server_unreachable, "the server does not speak TLS as it should: %s", reason());
  return TLS_BROKEN;
}

enum tls_state tls_read(struct tls *tls, char *p, size_t size, size_t *ret_n, struct error *error) {
  forget_errors();
  int result = SSL_read_ex(tls->ssl, p, size, ret_n);
  if (result == 1) return TLS_DONE;
  enum tls_state state = state_of(tls, result);
  if (state == TLS_BROKEN) (void)error_set(error, ERROR_upstream_broken, "the TLS connection broke: %s", reason());
  return state;
}

int tls_write(struct tls *tls, struct str plaintext, struct error *error) {
  if (plaintext.n == 0) return 0;
  forget_errors();
  size_t written;
  if (SSL_write_ex(tls->ssl, plaintext.p, plaintext.n, &written) == 1 && written == plaintext.n) return 0;
  return error_set(error, ERROR_upstream_broken, "the TLS connection broke: %s", reason());
}

struct str tls_protocol(const struct tls *tls) {
  const unsigned char *p;
  unsigned n;
  SSL_get0_alpn_selected(tls->ssl, &p, &n);
  return (struct str){(const char *)p, n};
}

void tls_close(struct tls *tls) {
  forget_errors();
  (void)SSL_shutdown(tls->ssl);
}

struct str tls_out(struct tls *tls) {
  return buf_str(&tls->out);
}

void tls_out_sent(struct tls *tls) {
  buf_clear(&tls->out);
}
