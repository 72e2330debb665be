/* A client of net/tls.h against a server of net/tls.h, in memory. */
#include "net/tls.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/file.h"
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[] = "/tmp/drawbridge-tls-XXXXXX";

static struct str path(struct arena *arena, const char *name, const char *kind) {
  return arena_printf(arena, "%s/%s-%s.pem", directory, name, kind);
}

static void add_names(X509 *certificate, const char *names) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
  X509_EXTENSION *extension = X509V3_EXT_nconf_nid(NULL, &context, NID_subject_alt_name, names);
  assert_non_null(extension);
  assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
  X509_EXTENSION_free(extension);
}

/* <name>-certificate.pem and <name>-key.pem, signed by itself. */
static void make_certificate(const char *name, const char *names, EVP_PKEY *key, long from_s, long to_s) {
  struct arena *arena = arena_new();
  X509 *certificate = X509_new();
  (void)X509_set_version(certificate, 2);
  (void)ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  (void)X509_gmtime_adj(X509_getm_notBefore(certificate), from_s);
  (void)X509_gmtime_adj(X509_getm_notAfter(certificate), to_s);
  (void)X509_set_pubkey(certificate, key);
  X509_NAME *subject = X509_get_subject_name(certificate);
  (void)X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
  (void)X509_set_issuer_name(certificate, subject);
  add_names(certificate, names);
  assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
  FILE *file = fopen(path(arena, name, "certificate").p, "we");
  assert_int_equal(PEM_write_X509(file, certificate), 1);
  (void)fclose(file);
  file = fopen(path(arena, name, "key").p, "we");
  assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
  (void)fclose(file);
  X509_free(certificate);
  arena_free(arena);
}

static int make_all(void **state) {
  if (!mkdtemp(directory)) return -1;
  EVP_PKEY *one = EVP_EC_gen("P-256"), *other = EVP_EC_gen("P-256"), *weak = EVP_RSA_gen(1024);
  make_certificate("good", "DNS:gw.example.org,DNS:*.wild.example.org,IP:127.0.0.1", one, -60, 86400);
  make_certificate("other", "DNS:other.example.org", other, -60, 86400);
  make_certificate("expired", "DNS:gw.example.org", one, -86400, -3600);
  make_certificate("weak", "DNS:gw.example.org", weak, -60, 86400);
  EVP_PKEY_free(one);
  EVP_PKEY_free(other);
  EVP_PKEY_free(weak);
  return 0;
}

static int remove_all(void **state) {
  char command[64];
  (void)snprintf(command, sizeof command, "rm -r %s", directory);
  return system(command);
}

static struct tls_context *server_context(const char *certificate, const char *key, struct error *error) {
  struct arena *arena = arena_new();
  struct tls_context *context = tls_context_server(path(arena, certificate, "certificate"), path(arena, key, "key"), error);
  arena_free(arena);
  return context;
}

static struct tls_context *client_context(const char *authority) {
  struct arena *arena = arena_new();
  struct error error = {0};
  struct tls_context *context = tls_context_client(path(arena, authority, "certificate"), &error);
  assert_non_null(context);
  arena_free(arena);
  return context;
}

static void carry(struct tls *from, struct tls *to) {
  tls_feed(to, tls_out(from));
  tls_out_sent(from);
}

/* What both ends come to; the client's word is told. */
static enum tls_state shake(struct tls *client, struct tls *server, struct error *error, struct error *server_error) {
  enum tls_state near = TLS_MORE, far = TLS_MORE;
  for (int i = 0; i < 10 && (near == TLS_MORE || far == TLS_MORE); i++) {
    if (near == TLS_MORE) near = tls_shake(client, error);
    carry(client, server);
    if (far == TLS_MORE) far = tls_shake(server, server_error);
    carry(server, client);
    if (near == TLS_BROKEN || far == TLS_BROKEN) return TLS_BROKEN;
  }
  return near == TLS_DONE && far == TLS_DONE ? TLS_DONE : TLS_MORE;
}

static struct str read_all(struct tls *tls, char *p, size_t size) {
  struct error error = {0};
  size_t n = 0, got;
  while (n < size && tls_read(tls, p + n, size - n, &got, &error) == TLS_DONE) n += got;
  return (struct str){p, n};
}

/* [R-H4] both directions, larger than a record, and the end that is told */
static void bytes_go_both_ways(void **state) {
  struct error error = {0};
  struct tls_context *near = client_context("good"), *far = server_context("good", "good", &error);
  assert_non_null(far);
  struct tls *client = tls_client(near, STR("gw.example.org")), *server = tls_server(far);
  tls_context_free(far); /* connections keep what they need */
  assert_int_equal(shake(client, server, &error, &error), TLS_DONE);
  assert_true(str_eq(tls_protocol(server), STR("")));
  char large[40000], back[50000];
  for (size_t i = 0; i < sizeof large; i++) large[i] = (char)(i * 7 % 251);
  assert_int_equal(tls_write(client, (struct str){large, sizeof large}, &error), 0);
  carry(client, server);
  assert_true(str_eq(read_all(server, back, sizeof back), (struct str){large, sizeof large}));
  assert_int_equal(tls_write(server, STR("an answer"), &error), 0);
  tls_close(server);
  carry(server, client);
  assert_true(str_eq(read_all(client, back, sizeof back), STR("an answer")));
  size_t n;
  assert_int_equal(tls_read(client, back, sizeof back, &n, &error), TLS_CLOSED);
  tls_free(client);
  tls_free(server);
  tls_context_free(near);
}

/* A record that comes in bits is read once it is whole, and only what was fed and not read counts as waiting. */
static void a_record_comes_in_bits(void **state) {
  enum { BIT = 7 };
  struct error error = {0};
  struct tls_context *near = client_context("good"), *far = server_context("good", "good", &error);
  struct tls *client = tls_client(near, STR("gw.example.org")), *server = tls_server(far);
  assert_int_equal(shake(client, server, &error, &error), TLS_DONE);
  assert_false(tls_waits(server));
  struct str said = STR("a text of more than a few bytes, in two records: ");
  assert_int_equal(tls_write(client, said, &error), 0);
  assert_int_equal(tls_write(client, said, &error), 0);
  char back[200];
  struct buf got = BUF_INIT(sizeof back);
  for (struct str out = tls_out(client); out.n; out = str_from(out, BIT)) {
    tls_feed(server, str_slice(out, 0, BIT));
    assert_true(tls_waits(server));
    assert_true(buf_add(&got, read_all(server, back, 5))); /* not all that is there */
    if (tls_waits(server)) assert_true(buf_add(&got, read_all(server, back, sizeof back)));
    assert_false(tls_waits(server));
  }
  assert_int_equal(got.n, 2 * said.n);
  assert_true(str_starts(buf_str(&got), said) && str_ends(buf_str(&got), said));
  buf_free(&got);
  tls_free(client);
  tls_free(server);
  tls_context_free(near);
  tls_context_free(far);
}

/* [R-H4] */
static void a_client_refuses_what_is_not_the_server(void **state) {
  static const struct {
    const char *authority, *certificate;
    struct str host;
    const char *word;
  } rows[] = {
      {"good", "good", {"other.example.org", 17}, "hostname mismatch"},
      {"good", "good", {"127.0.0.2", 9}, "IP address mismatch"},
      {"other", "good", {"gw.example.org", 14}, "self-signed"},
      {"expired", "expired", {"gw.example.org", 14}, "expired"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct error error = {0}, server_error = {0};
    struct tls_context *near = client_context(rows[i].authority), *far = server_context(rows[i].certificate, rows[i].certificate, &error);
    struct tls *client = tls_client(near, rows[i].host), *server = tls_server(far);
    assert_int_equal(shake(client, server, &error, &server_error), TLS_BROKEN);
    assert_int_equal(error.code, ERROR_certificate_refused);
    assert_non_null(strstr(error.message, rows[i].word));
    assert_int_equal(tls_shake(server, &server_error), TLS_BROKEN); /* the client's alert */
    assert_int_equal(server_error.code, ERROR_bad_request);
    tls_free(client);
    tls_free(server);
    tls_context_free(near);
    tls_context_free(far);
  }
}

/* [R-H3] a pair that is none is told with whose fault it is */
static void files_that_are_no_pair_are_refused(void **state) {
  static const struct {
    const char *certificate, *key, *reason;
  } rows[] = {{"missing", "good", "certificate"},
              {"good", "missing", "key"},
              {"good", "other", "key"},
              {"weak", "weak", "certificate"},
              {"bad", "good", "certificate"}};
  struct arena *arena = arena_new();
  struct error error = {0};
  assert_int_equal(
      file_write(path(arena, "bad", "certificate").p, STR("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), &error), 0);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    error = (struct error){0};
    assert_null(server_context(rows[i].certificate, rows[i].key, &error));
    assert_int_equal(error.code, ERROR_configuration);
    assert_string_equal(error.reason, rows[i].reason);
  }
  arena_free(arena);
}

static void a_certificate_tells_its_time_and_its_hosts(void **state) {
  static const struct {
    struct str host;
    bool named;
  } rows[] = {{{"gw.example.org", 14}, true},        {{"a.wild.example.org", 18}, true}, {{"127.0.0.1", 9}, true},
              {{"a.b.wild.example.org", 20}, false}, {{"127.0.0.2", 9}, false},          {{"example.org", 11}, false}};
  struct error error = {0};
  struct tls_context *context = server_context("good", "good", &error), *expired = server_context("expired", "expired", &error);
  int64_t now_s = (int64_t)time(NULL);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    assert_int_equal(tls_context_certificate(context, rows[i].host).names_host, rows[i].named);
  struct tls_certificate facts = tls_context_certificate(context, STR("gw.example.org"));
  assert_true(facts.from_s < now_s && now_s < facts.to_s);
  assert_true(tls_context_certificate(expired, STR("gw.example.org")).to_s < now_s);
  tls_context_free(context);
  tls_context_free(expired);
}

/* A ClientHello that asks for what is set on the SSL_CTX of another library user. */
static enum tls_state shake_with(SSL_CTX *ctx, struct str *ret_protocol) {
  struct error error = {0};
  struct tls_context *far = server_context("good", "good", &error);
  struct tls *server = tls_server(far);
  SSL *ssl = SSL_new(ctx);
  BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
  SSL_set_bio(ssl, in, out);
  SSL_set_connect_state(ssl);
  enum tls_state state = TLS_MORE;
  for (int i = 0; i < 10 && state == TLS_MORE; i++) {
    char *p;
    (void)SSL_do_handshake(ssl);
    long n = BIO_get_mem_data(out, &p);
    tls_feed(server, (struct str){p, n > 0 ? (size_t)n : 0});
    (void)BIO_reset(out);
    state = tls_shake(server, &error);
    struct str answer = tls_out(server);
    if (answer.n) assert_int_equal(BIO_write(in, answer.p, (int)answer.n), (int)answer.n);
    tls_out_sent(server);
  }
  static char protocol[16];
  struct str chosen = state == TLS_DONE ? tls_protocol(server) : STR_NONE;
  if (chosen.n) memcpy(protocol, chosen.p, chosen.n);
  *ret_protocol = (struct str){protocol, chosen.n};
  SSL_free(ssl);
  tls_free(server);
  tls_context_free(far);
  return state;
}

/* [R-H4] */
static void what_is_old_or_weak_is_refused(void **state) {
  static const struct {
    int least, most;
    const char *ciphers;
    bool taken;
  } rows[] = {
      {TLS1_VERSION, TLS1_1_VERSION, "ALL:@SECLEVEL=0", false},
      {TLS1_2_VERSION, TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA:AES128-GCM-SHA256:@SECLEVEL=0", false},
      {TLS1_2_VERSION, TLS1_2_VERSION, "DHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES256-CCM8:@SECLEVEL=0", false},
      {TLS1_2_VERSION, TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256", true},
      {TLS1_2_VERSION, TLS1_2_VERSION, "ECDHE-ECDSA-CHACHA20-POLY1305", true},
      {TLS1_3_VERSION, TLS1_3_VERSION, "DEFAULT", true},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    struct str protocol;
    (void)SSL_CTX_set_cipher_list(ctx, rows[i].ciphers);
    (void)SSL_CTX_set_min_proto_version(ctx, rows[i].least);
    (void)SSL_CTX_set_max_proto_version(ctx, rows[i].most);
    assert_int_equal(shake_with(ctx, &protocol), rows[i].taken ? TLS_DONE : TLS_BROKEN);
    SSL_CTX_free(ctx);
  }
}

static void the_protocol_is_agreed_on(void **state) {
  static const struct {
    const char *offered;
    enum tls_state state;
    const char *chosen;
  } rows[] = {
      {"\x08http/1.1", TLS_DONE, "http/1.1"},
      {"\x08http/1.1\x02h2", TLS_DONE, "h2"},
      {"\x06spdy/3\x08http/1.1", TLS_DONE, "http/1.1"},
      {"\x06spdy/3", TLS_BROKEN, ""},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    struct str protocol;
    assert_int_equal(SSL_CTX_set_alpn_protos(ctx, (const unsigned char *)rows[i].offered, (unsigned)strlen(rows[i].offered)), 0);
    assert_int_equal(shake_with(ctx, &protocol), rows[i].state);
    assert_true(str_eq(protocol, str_of(rows[i].chosen)));
    SSL_CTX_free(ctx);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bytes_go_both_ways),
      cmocka_unit_test(a_record_comes_in_bits),
      cmocka_unit_test(a_client_refuses_what_is_not_the_server),
      cmocka_unit_test(files_that_are_no_pair_are_refused),
      cmocka_unit_test(a_certificate_tells_its_time_and_its_hosts),
      cmocka_unit_test(what_is_old_or_weak_is_refused),
      cmocka_unit_test(the_protocol_is_agreed_on),
  };
  return cmocka_run_group_tests(tests, make_all, remove_all);
}
