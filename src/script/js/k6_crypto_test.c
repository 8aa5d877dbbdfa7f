/* Modules k6/crypto and k6/encoding through scripts. */
#include "script/js/js_fake.h"

/* Runs the body of a default function that may use both modules; gives what it logged. */
static void assert_logs(const char *body, const char *expected)
{
    struct fake *f = fake_new();
    char *source = xasprintf("import crypto, * as named from 'k6/crypto';\n"
                             "import encoding from 'k6/encoding';\n"
                             "const hex = b => [...new Uint8Array(b)].map(x => "
                             "x.toString(16).padStart(2, '0')).join('');\n"
                             "const caught = f => { try { return f() } catch (e) { return "
                             "`${e.name}: ${e.message}` } };\n"
                             "export default function () { console.log([%s].join('|')) }\n",
                             body);
    char *line = xasprintf("info %s\n", expected);

    fake_file(f, "main.js", source);
    assert_int_equal(fake_load(f), 0);
    fake_user(f, 1);
    assert_int_equal(fake_iterate(f, "default"), 0);
    assert_string_equal(fake_told(f), line);
    fake_free(f);
    free(source);
    free(line);
}

static void test_digests(void **state)
{
    (void)state;
    assert_logs("crypto.md5('abc', 'hex'), crypto.sha1('abc', 'base64'), "
                "named.md4('abc', 'hex'), hex(crypto.ripemd160('abc', 'binary'))",
                "900150983cd24fb0d6963f7d28e17f72|qZk+NkcGgWq6PiVxeFDCbJzQ2J0=|"
                "a448017aaf21d8525fc10ae87aa6729d|8eb208f7e05d987a9b044a8e98c6b087f15a0bfc");
    assert_logs(
        "crypto.sha256('h\\u00e9', 'hex') === crypto.sha256(new Uint8Array([0x68, 0xc3, "
        "0xa9]).buffer, 'hex'), crypto.sha384('', 'hex').length, crypto.sha512('', "
        "'hex').length, crypto.sha512_224('', 'hex').length, crypto.sha512_256('abc', 'hex')",
        "true|96|128|56|53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23");
    assert_logs("crypto.sha256('abc', 'base64url'), crypto.sha256('abc', 'base64rawurl'), "
                "caught(() => crypto.md5('a', 'utf7')), caught(() => crypto.md5(5, 'hex'))",
                "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0=|"
                "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0|"
                "GoError: invalid output encoding: utf7|"
                "GoError: invalid type: expected a string or ArrayBuffer");
}

static void test_hashers(void **state)
{
    (void)state;
    assert_logs("(() => { const h = crypto.createHash('md5'); h.update('a'); h.digest('hex'); "
                "return [h.update('bc'), h.digest('hex'), h.digest('hex')].join() })()",
                ",900150983cd24fb0d6963f7d28e17f72,900150983cd24fb0d6963f7d28e17f72");
    assert_logs("(() => { const h = crypto.createHMAC('sha256', 'Jefe'); h.update('what do ya "
                "want '); h.update('for nothing?'); return h.digest('hex') })(), "
                "crypto.hmac('sha256', 'Jefe', 'what do ya want for nothing?', 'hex').slice(0, 8)",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843|5bdcc146");
    assert_logs("caught(() => crypto.createHash('sha3')), caught(() => crypto.hmac('x', 'a', 'b', "
                "'hex')), caught(() => crypto.createHash('md5').update.call({}))",
                "GoError: invalid algorithm: sha3|GoError: invalid algorithm: x|"
                "TypeError: Hasher object expected");
}

static void test_bytes(void **state)
{
    (void)state;
    assert_logs("crypto.randomBytes(5).byteLength, crypto.randomBytes(8) instanceof ArrayBuffer, "
                "caught(() => crypto.randomBytes(0)), caught(() => crypto.randomBytes(-1)), "
                "crypto.hexEncode('abc'), crypto.hexEncode(new Uint8Array([1, 255]))",
                "5|true|GoError: invalid size|GoError: invalid size|616263|01ff");
}

static void test_encoding(void **state)
{
    (void)state;
    assert_logs("encoding.b64encode('hi?>'), encoding.b64encode('hi?>', 'rawstd'), "
                "encoding.b64encode('hi?>', 'url'), encoding.b64encode('hi?>', 'rawurl'), "
                "encoding.b64encode(new Uint8Array([1, 2, 3]).buffer), "
                "encoding.b64encode('h\\u00e9', 'nonsense')",
                "aGk/Pg==|aGk/Pg|aGk_Pg==|aGk_Pg|AQID|aMOp");
    assert_logs("encoding.b64decode('aGk/Pg==', 'std', 's'), encoding.b64decode('aGk_Pg', "
                "'rawurl', 's'), hex(encoding.b64decode('AQID')), encoding.b64decode('aMOp', "
                "'std', 's'), caught(() => encoding.b64decode('a?=='))",
                "hi?>|hi?>|010203|h\xc3\xa9|GoError: illegal base64 data at input byte 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_digests),
        cmocka_unit_test(test_hashers),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_encoding),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
