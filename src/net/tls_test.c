/* TLS over loopback: what is verified, what is negotiated, what failures are called. */
#include "net/tls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/mem.h"
#include "loop/coro.h"
#include "loop/loop.h"
#include "loop/test_io.h"
#include "net/dial.h"
#include "net/listener.h"
#include "net/net_policy.h"
#include "net/proxy.h"
#include "net/stream_priv.h"

static struct loop *loop;
static struct dialer dialer;
static struct dial_report report;
static struct net_policy *policy;
static char ca_path[] = "/tmp/brunt-tls-XXXXXX";

/* ---- running a test on a coroutine ---- */

static void run_main(void *arg)
{
    (*(void (**)(void))arg)();
    loop_stop(loop);
}

static void run(void (*body)(void))
{
    assert_int_equal(loop_new(&(struct loop_options){.io = test_io()}, &loop), 0);
    policy = net_policy_new();
    assert_int_equal(net_policy_host(policy, STR("*.test"), STR("127.0.0.1")), 0);
    dialer = (struct dialer){.loop = loop, .policy = policy};
    assert_int_equal(coro_spawn(loop, CORO_STACK_LARGE, run_main, &body, NULL), 0);
    assert_int_equal(loop_run(loop), 0);
    tls_config_unref(dialer.tls);
    net_policy_free(policy);
    loop_free(loop);
}

static void serve_echo(struct stream *s, void *arg UNUSED)
{
    char buf[20000];
    ssize_t n;

    while ((n = stream_recv(s, buf, sizeof(buf), MONO_NEVER)) > 0) {
        if (stream_send_wait(s, buf, (size_t)n, MONO_NEVER) < 0)
            break;
    }
    stream_close(s, STREAM_CLOSE);
}

static struct listener *serve(listener_fn *fn, struct tls_config *tls)
{
    struct listener_options o = {
        .addr = {.family = AF_INET, .ip = {127, 0, 0, 1}},
        .tls = tls,
        .alpn = "h2,http/1.1",
        .stack = CORO_STACK_MEDIUM,
        .fn = fn,
    };
    struct listener *ln;

    assert_int_equal(listener_open(loop, &o, &ln), 0);
    return ln;
}

static void write_ca(const char *pem)
{
    FILE *f = fopen(ca_path, "we");

    assert_non_null(f);
    assert_true(fputs(pem, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

/* A server for `names` that clients with trusting() options believe. */
static struct tls_config *server_for(const char *names)
{
    struct tls_config *server;
    char *pem;

    assert_int_equal(tls_server_self_signed(names, &server, &pem), 0);
    write_ca(pem);
    free(pem);
    return server;
}

static void client_options(const struct tls_options *o)
{
    tls_config_unref(dialer.tls);
    assert_int_equal(tls_config_new(o, &dialer.tls), 0);
}

static enum net_status dial_tls(const char *host, struct listener *ln, const char *alpn,
                                struct stream **ret_stream)
{
    struct dial_target t = {
        .host = str_of(host),
        .port = listener_addr(ln).port,
        .security = DIAL_TLS,
        .alpn = str_of(alpn),
        .deadline = loop_clock(loop) + 20 * NS_PER_S,
    };

    return dial(&dialer, &t, ret_stream, &report);
}

static void check_echo(struct stream *s)
{
    char buf[8];
    ssize_t n;

    assert_int_equal(stream_send(s, "ping", 4), 0);
    n = stream_recv(s, buf, sizeof(buf), MONO_NEVER);
    assert_int_equal(n, 4);
    assert_memory_equal(buf, "ping", 4);
}

/* ---- what is negotiated ---- */

static void body_good(void)
{
    struct tls_config *server = server_for("a.test,127.0.0.1");
    struct listener *ln = serve(serve_echo, server);
    struct stream *s;

    client_options(&(struct tls_options){.ca_file = ca_path});
    assert_int_equal(dial_tls("a.test", ln, "http/1.1", &s), NET_OK);
    assert_string_equal(stream_info(s)->tls_version, "tls1.3");
    assert_string_equal(stream_info(s)->tls_cipher, "TLS_AES_256_GCM_SHA384");
    assert_string_equal(stream_info(s)->ocsp_status, "unknown");
    assert_string_equal(stream_info(s)->alpn, "http/1.1");
    assert_true(stream_info(s)->tls_done > stream_info(s)->tls_start);
    assert_int_equal(report.tls_done, stream_info(s)->tls_done);
    assert_false(stream_info(s)->tls_resumed);
    check_echo(s);
    assert_true(stream_is_idle_good(s));
    assert_true(stream_bytes_in(s) > 500);
    assert_true(stream_bytes_out(s) > 200);
    stream_shutdown_send(s);
    char c;

    assert_int_equal(stream_recv(s, &c, 1, MONO_NEVER), 0);
    stream_close(s, STREAM_CLOSE);

    assert_int_equal(dial_tls("127.0.0.1", ln, "", &s), NET_OK);
    assert_string_equal(stream_info(s)->alpn, "");
    stream_close(s, STREAM_CLOSE);
    listener_close(ln);
    tls_config_unref(server);
}

static void test_good(void **state UNUSED)
{
    run(body_good);
}

static void body_limits(void)
{
    static const struct str suite[] = {{.p = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", .n = 39},
                                       {.p = "TLS_RSA_WITH_RC4_128_SHA", .n = 24}};
    struct tls_config *server = server_for("a.test");
    struct listener *ln = serve(serve_echo, server);
    struct tls_options o = {.ca_file = ca_path,
                            .max_version = TLS_VERSION_1_2,
                            .ciphers = suite,
                            .n_ciphers = countof(suite)};
    struct stream *s;

    client_options(&o);
    assert_int_equal(dial_tls("a.test", ln, "h2,http/1.1", &s), NET_OK);
    assert_string_equal(stream_info(s)->tls_version, "tls1.2");
    assert_string_equal(stream_info(s)->tls_cipher, suite[0].p);
    assert_string_equal(stream_info(s)->alpn, "h2");
    check_echo(s);
    stream_close(s, STREAM_CLOSE);

    /* The server's minimum is TLS 1.2 by the library's security level. */
    client_options(&(struct tls_options){.ca_file = ca_path, .max_version = TLS_VERSION_1_1});
    assert_int_equal(dial_tls("a.test", ln, "", &s), NET_TLS_ALERT);
    assert_non_null(strstr(report.error.text, "remote error: tls: "));
    listener_close(ln);
    tls_config_unref(server);
}

static void test_versions_and_ciphers(void **state UNUSED)
{
    run(body_limits);
}

static void body_resumption(void)
{
    struct tls_config *server = server_for("a.test");
    struct listener *ln = serve(serve_echo, server);
    static const enum tls_version versions[] = {TLS_VERSION_1_3, TLS_VERSION_1_2};

    for (size_t i = 0; i < countof(versions); i++) {
        client_options(&(struct tls_options){.ca_file = ca_path, .max_version = versions[i]});
        dialer.sessions = tls_sessions_new();
        for (int round = 0; round < 3; round++) {
            struct stream *s;

            assert_int_equal(dial_tls("a.test", ln, "", &s), NET_OK);
            assert_int_equal(stream_info(s)->tls_resumed, round > 0);
            check_echo(s);
            stream_close(s, round == 1 ? STREAM_CLOSE_RESET : STREAM_CLOSE);
        }
        tls_sessions_free(dialer.sessions);
    }
    dialer.sessions = NULL;
    listener_close(ln);
    tls_config_unref(server);
}

static void test_resumption(void **state UNUSED)
{
    run(body_resumption);
}

static void serve_large(struct stream *s, void *arg UNUSED)
{
    char *data = xmalloc(3 << 20);

    memset(data, 'q', 3 << 20);
    assert_int_equal(stream_send_wait(s, data, 3 << 20, MONO_NEVER), 0);
    free(data);
    stream_close(s, STREAM_CLOSE);
}

static void body_large(void)
{
    struct tls_config *server = server_for("a.test");
    struct listener *ln = serve(serve_large, server);
    char *buf = xmalloc(70000);
    struct stream *s;
    ssize_t n;
    size_t total = 0;

    client_options(&(struct tls_options){.ca_file = ca_path});
    assert_int_equal(dial_tls("a.test", ln, "", &s), NET_OK);
    while ((n = stream_recv(s, buf, 70000, MONO_NEVER)) > 0) {
        for (ssize_t i = 0; i < n; i++)
            assert_int_equal(buf[i], 'q');
        total += (size_t)n;
    }
    assert_int_equal(n, 0);
    assert_int_equal(total, 3 << 20);
    assert_true(stream_bytes_in(s) > total);
    free(buf);
    stream_close(s, STREAM_CLOSE);
    listener_close(ln);
    tls_config_unref(server);
}

static void test_large_body(void **state UNUSED)
{
    run(body_large);
}

static void body_keylog(void)
{
    char path[] = "/tmp/brunt-keys-XXXXXX";
    int fd = mkstemp(path);
    struct tls_config *server = server_for("a.test");
    struct listener *ln = serve(serve_echo, server);
    struct stream *s;
    char text[4096] = "";

    client_options(&(struct tls_options){.ca_file = ca_path, .keylog_path = path});
    assert_int_equal(dial_tls("a.test", ln, "", &s), NET_OK);
    stream_close(s, STREAM_CLOSE);
    assert_true(read(fd, text, sizeof(text) - 1) > 0);
    assert_non_null(strstr(text, "CLIENT_HANDSHAKE_TRAFFIC_SECRET "));
    assert_int_equal(text[strlen(text) - 1], '\n');
    close(fd);
    unlink(path);
    listener_close(ln);
    tls_config_unref(server);
}

static void test_keylog(void **state UNUSED)
{
    run(body_keylog);
}

/* ---- certificates that are refused ---- */

static void body_wrong_host(void)
{
    struct tls_config *server = server_for("a.test,*.w.test");
    struct listener *ln = serve(serve_echo, server);
    struct stream *s = NULL;

    client_options(&(struct tls_options){.ca_file = ca_path});
    assert_int_equal(dial_tls("b.test", ln, "", &s), NET_WRONG_HOST);
    assert_string_equal(report.error.text, "x509: certificate doesn't match hostname");
    assert_true(report.tls_start > 0 && report.tls_done == 0);
    assert_true(report.bytes_in > 0 && report.bytes_out > 0);
    assert_int_equal(dial_tls("127.0.0.1", ln, "", &s), NET_WRONG_HOST);
    assert_null(s);
    assert_int_equal(dial_tls("x.w.test", ln, "", &s), NET_OK);
    stream_close(s, STREAM_CLOSE);

    client_options(&(struct tls_options){.insecure = true});
    assert_int_equal(dial_tls("b.test", ln, "", &s), NET_OK);
    stream_close(s, STREAM_CLOSE);

    client_options(&(struct tls_options){0});
    assert_int_equal(dial_tls("a.test", ln, "", &s), NET_UNKNOWN_AUTHORITY);
    assert_string_equal(report.error.text, "x509: unknown authority");
    listener_close(ln);
    tls_config_unref(server);
}

static void test_wrong_host_and_unknown_authority(void **state UNUSED)
{
    run(body_wrong_host);
}

/* A certificate whose time is over, or has not come; the name is wrong as well. */
static struct tls_config *server_out_of_time(long from, long to)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    BIO *cert = BIO_new(BIO_s_mem()), *priv = BIO_new(BIO_s_mem());
    char *cert_pem, *key_pem;
    struct tls_config *server;

    X509_set_version(x, X509_VERSION_3);
    X509_gmtime_adj(X509_getm_notBefore(x), from);
    X509_gmtime_adj(X509_getm_notAfter(x), to);
    X509_set_pubkey(x, key);
    assert_true(X509_sign(x, key, EVP_sha256()) > 0);
    PEM_write_bio_X509(cert, x);
    PEM_write_bio_PrivateKey(priv, key, NULL, NULL, 0, NULL, NULL);

    long n_cert = BIO_get_mem_data(cert, &cert_pem);
    long n_key = BIO_get_mem_data(priv, &key_pem);

    assert_int_equal(tls_server_new(str_from(cert_pem, (size_t)n_cert),
                                    str_from(key_pem, (size_t)n_key), &server),
                     0);
    BIO_free(cert);
    BIO_free(priv);
    X509_free(x);
    EVP_PKEY_free(key);
    return server;
}

static void check_out_of_time(long from, long to, const char *word)
{
    struct tls_config *server = server_out_of_time(from, to);
    struct listener *ln = serve(serve_echo, server);
    struct stream *s;

    client_options(&(struct tls_options){0});
    assert_int_equal(dial_tls("a.test", ln, "", &s), NET_OTHER);
    assert_non_null(strstr(report.error.text,
                           "x509: certificate has expired or is not yet valid: current time 2"));
    assert_non_null(strstr(report.error.text, word));
    listener_close(ln);
    tls_config_unref(server);
}

static void body_out_of_time(void)
{
    check_out_of_time(-7200, -3600, "Z is after ");
    check_out_of_time(3600, 7200, "Z is before ");
}

static void test_out_of_time(void **state UNUSED)
{
    run(body_out_of_time);
}

/* ---- peers that do not speak TLS ---- */

static const char *plain_answer;

static void serve_plain(struct stream *s, void *arg UNUSED)
{
    char buf[1000];

    ignored(stream_recv(s, buf, sizeof(buf), MONO_NEVER) > 0);
    ignored(stream_send(s, plain_answer, strlen(plain_answer)));
    stream_close(s, STREAM_CLOSE);
}

static void body_plain(void)
{
    static const char *const not_tls[] = {"HTTP/1.1 400 Bad Request\r\n\r\n", "SSH-2.0-x\r\n",
                                          "220 mail.test ESMTP\r\n"};
    struct listener *ln = serve(serve_plain, NULL);
    struct stream *s;

    client_options(&(struct tls_options){0});
    for (size_t i = 0; i < countof(not_tls); i++) {
        plain_answer = not_tls[i];
        assert_int_equal(dial_tls("a.test", ln, "", &s), NET_TLS_RECORD);
        assert_string_equal(report.error.text,
                            "tls: first record does not look like a TLS handshake");
    }
    plain_answer = "\x15\x03\x03\x00\x02\x02\x28"; /* cut at its zero byte: an end in a record */
    assert_int_equal(dial_tls("a.test", ln, "", &s), NET_OTHER);
    plain_answer = "";
    assert_int_equal(dial_tls("a.test", ln, "", &s), NET_OTHER);
    assert_string_equal(report.error.text, "EOF");
    listener_close(ln);
}

static void test_plain_server(void **state UNUSED)
{
    run(body_plain);
}

/* ---- through a proxy ---- */

static struct tls_config *far_server;
static const char *proxy_answer;
static char proxy_seen[1000];

/* Speaks for the far server itself once the tunnel stands. */
static void serve_proxy(struct stream *s, void *arg UNUSED)
{
    size_t n = 0;

    while (n < 4 || memcmp(proxy_seen + n - 4, "\r\n\r\n", 4) != 0) {
        ssize_t got = stream_recv(s, proxy_seen + n, sizeof(proxy_seen) - 1 - n, MONO_NEVER);

        if (got <= 0)
            break;
        n += (size_t)got;
    }
    proxy_seen[n] = '\0';
    ignored(stream_send(s, proxy_answer, strlen(proxy_answer)));
    if (strstr(proxy_answer, "200") && tls_accept(s, far_server, STR(""), MONO_NEVER) == NET_OK) {
        serve_echo(s, NULL);
    } else {
        stream_close(s, STREAM_CLOSE);
    }
}

static void body_proxy(void)
{
    struct listener *ln = serve(serve_proxy, NULL);
    struct proxy_config *proxies;
    struct stream *s;
    char url[64], want[200];
    uint16_t port = listener_addr(ln).port;

    far_server = server_for("far.example");
    client_options(&(struct tls_options){.ca_file = ca_path});
    snprintf(url, sizeof(url), "http://u:p@proxy.test:%u", port);
    assert_int_equal(proxy_config_new(NULL, url, NULL, &proxies), 0);
    dialer.proxies = proxies;
    proxy_answer = "HTTP/1.1 200 OK\r\nVia: x\r\n\r\n";
    assert_int_equal(dial_tls("far.example", ln, "", &s), NET_OK);
    snprintf(want, sizeof(want),
             "CONNECT far.example:%u HTTP/1.1\r\nHost: far.example:%u\r\n"
             "Proxy-Authorization: Basic dTpw\r\n\r\n",
             port, port);
    assert_string_equal(proxy_seen, want);
    check_echo(s);
    stream_close(s, STREAM_CLOSE);

    proxy_answer = "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n";
    assert_int_equal(dial_tls("far.example", ln, "", &s), NET_DIAL);
    assert_string_equal(report.error.text, "Proxy Authentication Required");
    proxy_answer = "nonsense\r\n\r\n";
    assert_int_equal(dial_tls("far.example", ln, "", &s), NET_DIAL);
    proxy_config_free(proxies);
    tls_config_unref(far_server);
    listener_close(ln);
}

static void test_connect_proxy(void **state UNUSED)
{
    run(body_proxy);
}

/* ---- options ---- */

static void test_bad_options(void **state UNUSED)
{
    static const struct str nonsense[] = {{.p = "TLS_NONSENSE", .n = 12}};
    struct tls_config *c = NULL;
    struct tls_identity id = {.cert = STR("x"), .key = STR("y")};
    enum tls_version v;

    assert_true(tls_config_new(&(struct tls_options){.ciphers = nonsense, .n_ciphers = 1}, &c) < 0);
    assert_non_null(strstr(fault_text(), "TLS_NONSENSE"));
    assert_true(tls_config_new(&(struct tls_options){.identities = &id, .n_identities = 1}, &c) <
                0);
    assert_true(tls_config_new(&(struct tls_options){.ca_file = "/nonexistent"}, &c) < 0);
    assert_true(tls_config_new(&(struct tls_options){.keylog_path = "/nonexistent/x"}, &c) < 0);
    assert_null(c);
    assert_true(tls_cipher_known(STR("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305")));
    assert_true(tls_cipher_known(STR("TLS_RSA_WITH_3DES_EDE_CBC_SHA")));
    assert_false(tls_cipher_known(STR("AES128-SHA256")));
    assert_true(tls_version_parse(STR("tls1.2"), &v));
    assert_int_equal(v, TLS_VERSION_1_2);
    assert_false(tls_version_parse(STR("tls1.4"), &v));
}

int main(void)
{
    if (!test_io_works())
        return TEST_SKIPPED;

    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_versions_and_ciphers),
        cmocka_unit_test(test_resumption),
        cmocka_unit_test(test_large_body),
        cmocka_unit_test(test_keylog),
        cmocka_unit_test(test_wrong_host_and_unknown_authority),
        cmocka_unit_test(test_out_of_time),
        cmocka_unit_test(test_plain_server),
        cmocka_unit_test(test_connect_proxy),
        cmocka_unit_test(test_bad_options),
    };
    int fd = mkstemp(ca_path);

    close(fd);
    int r = cmocka_run_group_tests(tests, NULL, NULL);

    unlink(ca_path);
    return r;
}
