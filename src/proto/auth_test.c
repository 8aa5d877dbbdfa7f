#include "proto/auth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/base64.h"
#include "base/mem.h"

static void check(struct str got, const char *want)
{
    if (!str_is(got, want))
        fail_msg("got '%.*s', expected '%s'", STR_ARG(got), want);
}

static void basic(void **state)
{
    scoped(buf_fini) struct buf out = {0};

    (void)state;
    auth_basic(&out, STR("Aladdin"), STR("open sesame"));
    check(buf_str(&out), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
}

static void challenges_are_read_one_by_one(void **state)
{
    struct str rest =
        STR(" Negotiate , NTLM TlRMTVNTUAAC==,Basic realm=\"a \\\"b\\\", c\" , charset = utf-8, "
            "Digest realm=x,nonce=\"\"");
    char scratch[256];
    struct auth_challenge c;

    (void)state;
    assert_int_equal(auth_challenge_next(&rest, scratch, &c), 0);
    check(c.scheme, "Negotiate");
    assert_true(c.token68.n == 0 && c.n_params == 0);
    assert_int_equal(auth_challenge_next(&rest, scratch, &c), 0);
    check(c.scheme, "NTLM");
    check(c.token68, "TlRMTVNTUAAC==");
    assert_int_equal(auth_challenge_next(&rest, scratch, &c), 0);
    check(c.scheme, "Basic");
    check(auth_param_get(&c, STR("REALM")), "a \"b\", c");
    check(auth_param_get(&c, STR("charset")), "utf-8");
    assert_null(auth_param_get(&c, STR("nonce")).p);
    assert_int_equal(auth_challenge_next(&rest, scratch, &c), 0);
    check(c.scheme, "Digest");
    assert_non_null(auth_param_get(&c, STR("nonce")).p);
    assert_int_equal(auth_challenge_next(&rest, scratch, &c), AUTH_E_NO_CHALLENGE);
}

static void broken_challenges_are_refused(void **state)
{
    static const char *const bad[] = {
        "\"x\"",
        "Digest realm=\"x",
        "Digest realm=\"x\\",
        "Digest realm=",
        "Digest a=b c=d",
        "Digest =x",
        "Digest a=1,b=1,c=1,d=1,e=1,f=1,g=1,h=1,i=1,j=1,k=1,l=1,m=1,n=1,o=1,p=1,q=1",
    };
    char scratch[256];
    struct auth_digest d;

    (void)state;
    for (size_t i = 0; i < countof(bad); i++) {
        if (auth_digest_parse(str_of(bad[i]), scratch, &d) != AUTH_E_MALFORMED)
            fail_msg("%s", bad[i]);
    }
    assert_int_equal(auth_digest_parse(STR("Basic realm=x"), scratch, &d), AUTH_E_NO_CHALLENGE);
    assert_int_equal(auth_digest_parse(STR("Digest realm=x"), scratch, &d), AUTH_E_MALFORMED);
    assert_int_equal(
        auth_digest_parse(STR("Digest realm=x, nonce=y, algorithm=SHA-512"), scratch, &d),
        AUTH_E_UNSUPPORTED);
    assert_int_equal(auth_digest_parse(STR("Digest realm=x, nonce=y, qop=\"new\""), scratch, &d),
                     AUTH_E_UNSUPPORTED);
}

/* The response of an answer, cut out of the header. */
static struct str response_of(struct str header)
{
    static const struct str key = STR("response=\"");
    struct str rest = str_from_index(header, str_find_str(header, key) + key.n);

    return str_from(rest.p, str_find(rest, '"'));
}

static void digest_check(const char *challenge, const struct auth_digest_answer *a,
                         const char *want)
{
    char scratch[512];
    struct auth_digest d;
    scoped(buf_fini) struct buf out = {0};

    assert_int_equal(auth_digest_parse(str_of(challenge), scratch, &d), 0);
    assert_int_equal(auth_digest_header(&out, &d, a), 0);
    check(response_of(buf_str(&out)), want);
}

/* RFC 7616 §3.9.1 and RFC 2617 §3.5; the others were computed apart, with Python's hashlib. */
static void digests_of_the_standards(void **state)
{
    const struct auth_digest_answer rfc7616 = {
        .username = STR("Mufasa"),
        .password = STR("Circle of Life"),
        .method = STR("GET"),
        .uri = STR("/dir/index.html"),
        .cnonce = STR("f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"),
        .body = STR("body"),
        .nc = 1,
    };
    struct auth_digest_answer rfc2617 = rfc7616;

    (void)state;
    digest_check("Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=MD5, "
                 "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
                 "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"",
                 &rfc7616, "8ca523f5e9506fed4657c9700eebdbec");
    digest_check(
        "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=SHA-256, "
        "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
        "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"",
        &rfc7616, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");
    rfc2617.password = STR("Circle Of Life");
    rfc2617.cnonce = STR("0a4f113b");
    digest_check(
        "Basic realm=x, Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", "
        "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"",
        &rfc2617, "6629fae49393a05397450978507c4ef1");
    digest_check("Digest realm=r, nonce=n", &rfc2617, "e2f9f8bed08c50a66181679ee5b58085");
    digest_check("Digest realm=r, nonce=n, qop=auth-int", &rfc2617,
                 "2d98638bb7ff6f99f9f3e54cae999290");
    digest_check("Digest realm=r, nonce=n, qop=auth, algorithm=md5-SESS", &rfc2617,
                 "572c194376aa2c028df6d47c837d2721");
}

static void digest_header_is_whole(void **state)
{
    const struct auth_digest_answer a = {
        .username = STR("a\"b"),
        .password = STR("p"),
        .method = STR("GET"),
        .uri = STR("/"),
        .cnonce = STR("c"),
        .nc = 26,
    };
    char scratch[512];
    struct auth_digest d;
    scoped(buf_fini) struct buf out = {0};

    (void)state;
    assert_int_equal(
        auth_digest_parse(STR("Digest realm=\"r\", nonce=\"n\", opaque=\"\", qop=auth, "
                              "stale=TRUE, algorithm=MD5"),
                          scratch, &d),
        0);
    assert_true(d.stale);
    assert_int_equal(auth_digest_header(&out, &d, &a), 0);
    check(buf_str(&out),
          "Digest username=\"a\\\"b\", realm=\"r\", nonce=\"n\", uri=\"/\", "
          "response=\"6c54fe9e9ec0dbc506d9a72f59cc3b0b\", algorithm=MD5, opaque=\"\", "
          "qop=auth, nc=0000001a, cnonce=\"c\"");
}

static void ntlm_opens_with_type_1(void **state)
{
    scoped(buf_fini) struct buf out = {0};
    scoped(buf_fini) struct buf bytes = {0};

    (void)state;
    auth_ntlm_negotiate(&out, STR("NTLM"));
    assert_true(str_starts(buf_str(&out), STR("NTLM ")));
    assert_int_equal(base64_decode(BASE64_STD, str_from_index(buf_str(&out), 5), &bytes, NULL), 0);
    assert_int_equal(bytes.len, 32);
    assert_memory_equal(bytes.data, "NTLMSSP\0\1\0\0\0", 12);
}

/* The challenge of MS-NLMP §4.2.4.3: server nonce 0123456789abcdef, domain "Domain", "Server". */
static struct buf type_2(void)
{
    static const char message[] =
        "NTLMSSP\0\2\0\0\0\14\0\14\0\70\0\0\0\63\202\212\342"
        "\x01\x23\x45\x67\x89\xab\xcd\xef\0\0\0\0\0\0\0\0\44\0\44\0\104\0\0\0\6\0\160\27\0\0\0\17"
        "S\0e\0r\0v\0e\0r\0"
        "\2\0\14\0D\0o\0m\0a\0i\0n\0\1\0\14\0S\0e\0r\0v\0e\0r\0\0\0\0\0";
    struct buf text = {0};

    assert_int_equal(base64_encode(BASE64_STD, str_from(message, sizeof(message) - 1), &text), 0);
    return text;
}

static struct str part(const struct buf *message, size_t at)
{
    const unsigned char *p = (const unsigned char *)message->data + at;

    return str_from(message->data + (p[4] | p[5] << 8), p[0] | (size_t)p[1] << 8);
}

/*
 * §4.2.4.2: the proofs of user "User", password "Password", client nonce aa…aa. The
 * time there, 1601, does not fit our clock: the second proof is for 1970, from the standard's key.
 */
static void ntlm_answers_as_the_standard(void **state)
{
    scoped(buf_fini) struct buf challenge = type_2();
    scoped(buf_fini) struct buf out = {0};
    scoped(buf_fini) struct buf bytes = {0};
    struct auth_ntlm_answer a = {
        .username = STR("Domain\\User"),
        .password = STR("Password"),
        .workstation = STR("COMPUTER"),
        .now = 0,
    };

    (void)state;
    memset(a.nonce, 0xaa, sizeof(a.nonce));
    assert_int_equal(auth_ntlm_answer(&out, STR("NTLM"), buf_str(&challenge), &a), 0);
    assert_int_equal(base64_decode(BASE64_STD, str_from_index(buf_str(&out), 5), &bytes, NULL), 0);
    assert_memory_equal(part(&bytes, 12).p,
                        "\x86\xc3\x50\x97\xac\x9c\xec\x10\x25\x54\x76\x4a\x57\xcc\xcc\x19"
                        "\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa",
                        24);
    assert_memory_equal(part(&bytes, 20).p,
                        "\x84\x19\x59\x5a\x8c\x71\xc2\xda\xf7\xcf\x5c\xa1\x82\x9b\xad\xf9", 16);
    assert_int_equal(part(&bytes, 28).n, 12);
    assert_memory_equal(part(&bytes, 36).p, "U\0s\0e\0r", 8);
}

static void broken_ntlm_challenges_are_refused(void **state)
{
    scoped(buf_fini) struct buf whole = type_2();
    struct auth_ntlm_answer a = {.username = STR("u"), .password = STR("p")};

    (void)state;
    for (size_t n = 0; n < whole.len - 4; n += 4) {
        scoped(buf_fini) struct buf out = {0};

        assert_int_equal(auth_ntlm_answer(&out, STR("NTLM"), str_from(whole.data, n), &a),
                         AUTH_E_MALFORMED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(basic),
        cmocka_unit_test(challenges_are_read_one_by_one),
        cmocka_unit_test(broken_challenges_are_refused),
        cmocka_unit_test(digests_of_the_standards),
        cmocka_unit_test(digest_header_is_whole),
        cmocka_unit_test(ntlm_opens_with_type_1),
        cmocka_unit_test(ntlm_answers_as_the_standard),
        cmocka_unit_test(broken_ntlm_challenges_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
