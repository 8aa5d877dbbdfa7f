/* Digests and HMAC against the vectors of their specifications. */
#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/base64.h"

static const char digits80[] =
    "12345678901234567890123456789012345678901234567890123456789012345678901234567890";
static const char abc26[] = "abcdefghijklmnopqrstuvwxyz";
static const char rmd56[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
static const char alnum62[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/* From RFC 1320 A.5, RFC 1321 A.5, RFC 6234, FIPS 180-4's examples, and the RIPEMD-160 page. */
static const struct {
    enum hash_algo algo;
    const char *message;
    const char *digest;
} vectors[] = {
    {HASH_MD4, "", "31d6cfe0d16ae931b73c59d7e0c089c0"},
    {HASH_MD4, "a", "bde52cb31de33e46245e05fbdbd6fb24"},
    {HASH_MD4, "abc", "a448017aaf21d8525fc10ae87aa6729d"},
    {HASH_MD4, "message digest", "d9130a8164549fe818874806e1c7014b"},
    {HASH_MD4, abc26, "d79e1c308aa5bbcdeea8ed63df412da9"},
    {HASH_MD4, alnum62, "043f8582f241db351ce627e153e7f0e4"},
    {HASH_MD4, digits80, "e33b4ddc9c38f2199c3e7b164fcc0536"},
    {HASH_MD5, "", "d41d8cd98f00b204e9800998ecf8427e"},
    {HASH_MD5, "abc", "900150983cd24fb0d6963f7d28e17f72"},
    {HASH_MD5, digits80, "57edf4a22be3c955ac49da2e2107b67a"},
    {HASH_SHA1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
    {HASH_SHA256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {HASH_SHA384, "abc",
     "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
     "8086072ba1e7cc2358baeca134c825a7"},
    {HASH_SHA512, "abc",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
    {HASH_SHA512_224, "abc", "4634270f707b6a54daae7530460842e20e37ed265ceee9a43e8924aa"},
    {HASH_SHA512_256, "abc", "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23"},
    {HASH_RIPEMD160, "", "9c1185a5c5e9fc54612808977ee8f548b2258d31"},
    {HASH_RIPEMD160, "a", "0bdc9d2d256b3ee9daae347be6f4dc835a467ffe"},
    {HASH_RIPEMD160, "abc", "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc"},
    {HASH_RIPEMD160, "message digest", "5d0689ef49d2fae572b881b123a85ffa21595f36"},
    {HASH_RIPEMD160, rmd56, "12a053384a9c0c88e405a06c27dcf49ada62eb2b"},
    {HASH_RIPEMD160, alnum62, "b0e20b6e3116640286ed3a87a5713079b21f5189"},
    {HASH_RIPEMD160, digits80, "9b752e45573d4b39f4dbd3323cab82bf63326bfb"},
};

static void assert_digest(enum hash_algo algo, const unsigned char *digest, const char *expected)
{
    char text[2 * HASH_MAX_BYTES + 1] = {0};

    hex_write(digest, hash_size(algo), text);
    assert_string_equal(text, expected);
}

static void test_vectors(void **state UNUSED)
{
    unsigned char digest[HASH_MAX_BYTES];

    for (size_t i = 0; i < countof(vectors); i++) {
        const char *message = vectors[i].message;

        assert_int_equal(hash_bytes_of(vectors[i].algo, message, strlen(message), digest), 0);
        assert_digest(vectors[i].algo, digest, vectors[i].digest);
    }
}

/* Byte by byte, asking for the digest after each, must end at the same place. */
static void test_incremental(void **state UNUSED)
{
    unsigned char digest[HASH_MAX_BYTES];
    unsigned char whole[HASH_MAX_BYTES];

    for (size_t i = 0; i < countof(vectors); i++) {
        const char *message = vectors[i].message;
        enum hash_algo algo = vectors[i].algo;
        struct hash *h;

        assert_int_equal(hash_new(&h, algo), 0);
        for (size_t n = 0; n < strlen(message); n++) {
            hash_digest(h, digest);
            assert_int_equal(hash_bytes_of(algo, message, n, whole), 0);
            assert_memory_equal(digest, whole, hash_size(algo));
            hash_update(h, message + n, 1);
        }
        hash_digest(h, digest);
        assert_digest(algo, digest, vectors[i].digest);
        hash_free(h);
    }
}

/* Lengths around the block size, where padding changes its shape. */
static void test_old_padding(void **state UNUSED)
{
    char message[200];
    unsigned char whole[HASH_MAX_BYTES];
    unsigned char parts[HASH_MAX_BYTES];

    memset(message, 'x', sizeof(message));
    for (size_t n = 50; n < sizeof(message); n++) {
        struct hash *h;

        assert_int_equal(hash_bytes_of(HASH_MD4, message, n, whole), 0);
        assert_int_equal(hash_new(&h, HASH_MD4), 0);
        hash_update(h, message, 50);
        hash_update(h, message, n - 50);
        hash_digest(h, parts);
        assert_memory_equal(whole, parts, 16);
        hash_free(h);
    }
}

static void test_million_a(void **state UNUSED)
{
    unsigned char digest[HASH_MAX_BYTES];
    char as[1000];
    struct hash *h;

    memset(as, 'a', sizeof(as));
    assert_int_equal(hash_new(&h, HASH_RIPEMD160), 0);
    for (int i = 0; i < 1000; i++)
        hash_update(h, as, sizeof(as));
    hash_digest(h, digest);
    assert_digest(HASH_RIPEMD160, digest, "52783243c1697bdbe16d37f97f68f08325dc1528");
    hash_free(h);
}

static char key_bytes[131];

/* RFC 2202 and RFC 4231; the long keys are digested first. */
static void test_hmac(void **state UNUSED)
{
    static const struct {
        enum hash_algo algo;
        size_t n_key; /* bytes 0xaa, or the key "Jefe" for 0 */
        const char *message;
        const char *digest;
    } cases[] = {
        {HASH_MD5, 0, "what do ya want for nothing?", "750c783e6ab0b503eaa86e310a5db738"},
        {HASH_MD5, 80, "Test Using Larger Than Block-Size Key - Hash Key First",
         "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd"},
        {HASH_SHA1, 0, "what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
        {HASH_SHA1, 80, "Test Using Larger Than Block-Size Key - Hash Key First",
         "aa4ae5e15272d00e95705637ce8a3b55ed402112"},
        {HASH_SHA256, 0, "what do ya want for nothing?",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {HASH_SHA256, 131, "Test Using Larger Than Block-Size Key - Hash Key First",
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
        {HASH_SHA384, 0, "what do ya want for nothing?",
         "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
         "8e2240ca5e69e2c78b3239ecfab21649"},
        {HASH_SHA512, 0, "what do ya want for nothing?",
         "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
         "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"},
    };
    unsigned char digest[HASH_MAX_BYTES];

    memset(key_bytes, 0xaa, sizeof(key_bytes));
    for (size_t i = 0; i < countof(cases); i++) {
        struct str key = cases[i].n_key ? str_from(key_bytes, cases[i].n_key) : STR("Jefe");

        assert_int_equal(
            hash_hmac(cases[i].algo, key, cases[i].message, strlen(cases[i].message), digest), 0);
        assert_digest(cases[i].algo, digest, cases[i].digest);
    }
}

static void test_hmac_incremental(void **state UNUSED)
{
    unsigned char digest[HASH_MAX_BYTES];
    struct hash *h;

    assert_int_equal(hash_new_hmac(&h, HASH_MD5, STR("Jefe")), 0);
    hash_update(h, "what do ya ", 11);
    hash_digest(h, digest);
    hash_update(h, "want for nothing?", 17);
    hash_digest(h, digest);
    assert_digest(HASH_MD5, digest, "750c783e6ab0b503eaa86e310a5db738");
    hash_digest(h, digest);
    assert_digest(HASH_MD5, digest, "750c783e6ab0b503eaa86e310a5db738");
    assert_int_equal(hash_algo_of(h), HASH_MD5);
    hash_free(h);
}

static void test_names(void **state UNUSED)
{
    enum hash_algo algo = HASH_MD5;

    for (int i = 0; i < N_HASH_ALGOS; i++) {
        assert_true(hash_by_name(str_of(hash_name((enum hash_algo)i)), &algo));
        assert_int_equal(algo, i);
    }
    assert_false(hash_by_name(STR("SHA1"), &algo));
    assert_false(hash_by_name(STR(""), &algo));
}

static void test_random(void **state UNUSED)
{
    char a[64] = {0};
    char b[64] = {0};

    assert_int_equal(secure_random(a, sizeof(a)), 0);
    assert_int_equal(secure_random(b, sizeof(b)), 0);
    assert_false(secure_equal(a, b, sizeof(a)));
    memcpy(b, a, sizeof(a));
    assert_true(secure_equal(a, b, sizeof(a)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),     cmocka_unit_test(test_incremental),
        cmocka_unit_test(test_old_padding), cmocka_unit_test(test_million_a),
        cmocka_unit_test(test_hmac),        cmocka_unit_test(test_hmac_incremental),
        cmocka_unit_test(test_names),       cmocka_unit_test(test_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
