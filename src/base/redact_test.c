#include "base/redact.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void expect(struct redact *r, const char *text, const char *want)
{
    struct buf out = {0};

    assert_int_equal(redact_add(r, str_of(text), &out), 0);
    assert_string_equal(buf_cstr(&out), want);
    buf_fini(&out);
}

static void blacks_out_every_secret(void **state)
{
    (void)state;
    struct redact *r = redact_new();

    expect(r, "nothing is secret", "nothing is secret");
    redact_secret(r, STR("hunter2"));
    redact_secret(r, STR("hunter2"));
    redact_secret(r, STR(""));
    redact_secret(r, STR("tok-1"));
    expect(r, "hunter2", REDACT_MARK);
    expect(r, "a hunter2hunter2 b tok-1", "a " REDACT_MARK REDACT_MARK " b " REDACT_MARK);
    expect(r, "hunter", "hunter");
    expect(r, "", "");
    redact_free(r);
}

static void the_longest_wins(void **state)
{
    (void)state;
    struct redact *r = redact_new();

    redact_secret(r, STR("key"));
    redact_secret(r, STR("key-and-more"));
    redact_secret(r, STR("keys"));
    expect(r, "key-and-more", REDACT_MARK);
    expect(r, "keys", REDACT_MARK);
    expect(r, "keyring", REDACT_MARK "ring");
    redact_free(r);
}

static void no_object_no_secrets(void **state)
{
    (void)state;
    expect(NULL, "hunter2", "hunter2");
    redact_free(NULL);
}

static void a_full_buffer_stays_as_it_was(void **state)
{
    (void)state;
    struct redact *r = redact_new();
    struct buf out = BUF_INIT(10);

    redact_secret(r, STR("x"));
    buf_puts(&out, "12345");
    assert_int_equal(redact_add(r, STR("ab x"), &out), BUF_E_LIMIT);
    assert_string_equal(buf_cstr(&out), "12345");
    buf_fini(&out);
    redact_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blacks_out_every_secret),
        cmocka_unit_test(the_longest_wins),
        cmocka_unit_test(no_object_no_secrets),
        cmocka_unit_test(a_full_buffer_stays_as_it_was),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
