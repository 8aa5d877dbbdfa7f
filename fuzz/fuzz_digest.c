/* Any bytes as a WWW-Authenticate header, for Digest and for NTLM. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/base64.h"
#include "base/mem.h"
#include "proto/auth.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const struct auth_digest_answer answer = {
    .username = STR("user"),
    .password = STR("password"),
    .method = STR("GET"),
    .uri = STR("/"),
    .cnonce = STR("0123"),
    .nc = 1,
};

static const struct auth_ntlm_answer ntlm = {
    .username = STR("DOMAIN\\us\xc3\xa9r"),
    .password = STR("\xf0\x9f\x98\x80"),
    .workstation = STR("here"),
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct str header = str_from((const char *)data, n);
    /* Exactly as long as promised, so that a sanitizer sees one byte more. */
    char *scratch = xmalloc(n ? n : 1);
    struct auth_digest d;
    struct auth_challenge c;
    struct buf out = {0};
    struct buf text = {0};
    struct str rest = header;

    if (auth_digest_parse(header, scratch, &d) == 0) {
        int r = auth_digest_header(&out, &d, &answer);

        assert(r == 0 && str_starts(buf_str(&out), STR("Digest username=\"")));
    }
    while (auth_challenge_next(&rest, scratch, &c) == 0)
        if (c.token68.n)
            ignored(auth_ntlm_answer(&out, c.scheme, c.token68, &ntlm));
    /* The header as the bytes of a type 2 message. */
    ignored(base64_encode(BASE64_STD, header, &text));
    ignored(auth_ntlm_answer(&out, STR("NTLM"), buf_str(&text), &ntlm));
    buf_fini(&out);
    buf_fini(&text);
    free(scratch);
    return 0;
}
