/* A client for each request: these are few, and what they cost is the server's time. */
#include "cli/http_ask.h"

#include <errno.h>
#include <stdio.h>

#include "base/base64.h"
#include "cli/cli.h"
#include "loop/coro.h"
#include "loop/loop.h"
#include "proto/http.h"
#include "proto/url.h"
#include "vu/vu_fetch.h"

enum {
    WORDS_BYTES = 1000,
};

static size_t add_header(struct http_header *headers, size_t n, const char *name, struct str value)
{
    if (!value.n)
        return n;
    headers[n] = (struct http_header){str_of(name), value};
    return n + 1;
}

int http_ask(const struct http_ask *ask, struct buf *ret_body, int *ret_status)
{
    struct http_header headers[HTTP_ASK_HEADERS];
    scoped(url_unrefp) struct url *url = NULL;
    size_t n = 0;
    int status = 0;

    TRY(url_parse(ask->url, NULL, &url));
    n = add_header(headers, n, "Authorization", ask->authorization);
    n = add_header(headers, n, "Accept", ask->accept);
    n = add_header(headers, n, "Content-Type", ask->content_type);
    struct http_request req = {.method = str_of(ask->method),
                               .url = url,
                               .headers = headers,
                               .n_headers = n,
                               .body = ask->body,
                               .has_body = ask->has_body,
                               .body_mode = HTTP_BODY_KEEP,
                               .timeout = ask->timeout ? ask->timeout : 30 * NS_PER_S};

    fault_clear();
    TRY(vu_fetch_request(&req, ret_body, &status));
    if (!status)
        return fault(-EIO, "no answer from %.*s: %s", STR_ARG(url->origin), fault_text());
    *ret_status = status;
    return 0;
}

/* ---- a loop for a while ---- */

struct run {
    int (*fn)(void *arg);
    void *arg;
    struct loop *loop;
    int result;
    char words[WORDS_BYTES]; /* those of a coroutine go with it */
};

static void run_coroutine(void *arg)
{
    struct run *r = arg;

    r->result = r->fn(r->arg);
    if (r->result < 0)
        snprintf(r->words, sizeof(r->words), "%s", fault_text());
    loop_stop(r->loop);
}

int http_ask_run(int (*fn)(void *arg), void *arg)
{
    struct run run = {.fn = fn, .arg = arg};

    TRY(loop_new(NULL, &run.loop));
    int r = coro_spawn(run.loop, CORO_STACK_LARGE, run_coroutine, &run, NULL);

    if (r == 0)
        r = loop_run(run.loop);
    loop_free(run.loop);
    TRY(r);
    return run.result < 0 ? fault(run.result, "%s", run.words) : run.result;
}

/* ---- secrets ---- */

void http_ask_authorization(struct str secret, const char *scheme, struct buf *out)
{
    static const struct str schemes[] = {STR("Bearer "), STR("Basic "), STR("Token ")};
    scoped(buf_fini) struct buf encoded = {0};

    secret = str_trim(secret);
    if (!secret.n)
        return;
    for (size_t i = 0; i < countof(schemes); i++) {
        if (str_starts_nocase(secret, schemes[i])) {
            buf_putstr(out, secret);
            return;
        }
    }
    if (str_find(secret, ':') == secret.n) {
        buf_printf(out, "%s %.*s", scheme, STR_ARG(secret));
        return;
    }
    ignored(base64_encode(BASE64_STD, secret, &encoded));
    buf_printf(out, "Basic %.*s", STR_ARG(buf_str(&encoded)));
}

int http_ask_secret(const char *file, const char *variable, struct buf *out)
{
    scoped(buf_fini) struct buf text = {0};
    const char *value = file ? NULL : cli_env(NULL, variable);

    if (value)
        buf_puts(out, value);
    if (!file)
        return 0;
    TRY(cli_read_file(file, &text));
    struct str all = str_trim(buf_str(&text));
    struct str line = str_trim(str_from(all.p, str_find(all, '\n')));

    if (!line.n)
        return fault(FAULT_EXIT(104),
                     "'%s' is empty; its first line is to be a token, or "
                     "user:password",
                     file);
    buf_putstr(out, line);
    return 0;
}

int http_ask_check_url(const char *option, struct str url)
{
    scoped(url_unrefp) struct url *parsed = NULL;

    if (url_parse(url, NULL, &parsed) < 0)
        return fault(FAULT_EXIT(104), "%s %.*s: %s", option, STR_ARG(url), fault_text());
    if (parsed->has_password)
        return fault(FAULT_EXIT(104),
                     "%s: a password in an address is seen by everybody on this "
                     "machine; put user:password into a file or the environment",
                     option);
    return 0;
}
