/*
 * Masks any bytes in every form; the first byte chooses. What is known to be a secret never comes
 * out as it is, and what comes out is bounded.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/redact.h"
#include "proto/mask.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char *const types[] = {
    "",
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=B",
    "text/html",
};

static void mask(struct redact *r, unsigned how, struct str in, struct buf *out)
{
    if (how < countof(types))
        mask_body(r, str_of(types[how]), in, out);
    else if (how == countof(types))
        mask_url(r, in, out);
    else if (how == countof(types) + 1)
        mask_text(r, in, out);
    else
        mask_header(r, how % 2 ? STR("X-Any") : STR("Set-Cookie"), in, out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct redact *r;
    struct buf out = {0};

    if (!n)
        return 0;
    if (!r) {
        r = redact_new();
        redact_secret(r, STR("hunter two"));
        redact_secret(r, STR("Zq"));
    }
    mask(r, data[0] % (countof(types) + 4), str_from((const char *)data + 1, n - 1), &out);
    /* What is known to be secret is never shown as it is. */
    assert(str_find_str(buf_str(&out), STR("hunter two")) == out.len);
    assert(str_find_str(buf_str(&out), STR("Zq")) == out.len);
    /* One byte of a form may become a mark and no more; nested JSON doubles its backslashes. */
    assert(out.len <= 64 * n + 64);
    buf_fini(&out);
    return 0;
}
