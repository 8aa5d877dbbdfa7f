/* Digest takes one more leg, NTLM two; both find their challenge in WWW-Authenticate headers. */
#include "client/client_auth.h"

#include "base/base64.h"
#include "base/hash.h"
#include "base/mem.h"
#include "client/client_priv.h"
#include "proto/auth.h"

/* "NTLM " and the base64 of a type 1 message: signature, then type 1 in little endian. */
static const char ntlm_type1[] = "NTLM TlRMTVNTUAAB";

void client_auth_ntlm_start(struct buf *authorization)
{
    buf_reset(authorization);
    auth_ntlm_negotiate(authorization, STR("NTLM"));
}

bool client_auth_more(const struct buf *authorization)
{
    return str_starts(buf_str(authorization), str_of(ntlm_type1));
}

static bool answer_digest(const struct http_request *req, const struct leg *leg, struct str header,
                          struct buf *authorization)
{
    struct auth_digest digest;
    char cnonce[33];
    uint8_t random[16];
    scoped(freep) char *scratch = xmalloc(header.n + 1);

    if (auth_digest_parse(header, scratch, &digest))
        return false;
    if (secure_random(random, sizeof(random)) < 0)
        return false;
    hex_write(random, sizeof(random), cnonce);
    struct auth_digest_answer answer = {.username = req->url->username,
                                        .password = req->url->password,
                                        .method = leg->method,
                                        .uri = leg->url->target,
                                        .cnonce = str_from(cnonce, 32),
                                        .body = leg->body,
                                        .nc = 1};

    buf_reset(authorization);
    return auth_digest_header(authorization, &digest, &answer) == 0;
}

static bool answer_ntlm(const struct http_request *req, struct str header,
                        struct buf *authorization)
{
    struct auth_challenge challenge;
    scoped(freep) char *scratch = xmalloc(header.n + 1);
    struct auth_ntlm_answer answer = {
        .username = req->url->username, .password = req->url->password, .now = clock_wall()};

    while (auth_challenge_next(&header, scratch, &challenge) == 0) {
        if (!str_eq_nocase(challenge.scheme, STR("NTLM")) || !challenge.token68.n)
            continue;
        if (secure_random(answer.nonce, sizeof(answer.nonce)) < 0)
            return false;
        buf_reset(authorization);
        return auth_ntlm_answer(authorization, STR("NTLM"), challenge.token68, &answer) == 0;
    }
    return false;
}

bool client_auth_answer(const struct http_request *req, const struct leg *leg,
                        struct buf *authorization)
{
    const struct http_response *r = leg->r;

    /* The credentials were meant for the first host, not for where it sent us. */
    if (leg->drop & LEG_DROP_SENSITIVE)
        return false;
    for (size_t i = 0; i < r->n_headers; i++) {
        struct str value = r->headers[i].value;

        if (!str_eq_nocase(r->headers[i].name, STR("www-authenticate")))
            continue;
        if (req->auth == HTTP_AUTH_DIGEST ? answer_digest(req, leg, value, authorization)
                                          : answer_ntlm(req, value, authorization))
            return true;
    }
    return false;
}
