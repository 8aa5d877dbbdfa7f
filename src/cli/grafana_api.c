/* One way to call, so that whoever is not let in reads the same words everywhere. */
#include "cli/grafana_api.h"

#include <errno.h>
#include <stdio.h>

#include "base/mem.h"
#include "cli/cli.h"
#include "cli/http_ask.h"
#include "report/markup.h"

enum {
    ANSWER_BYTES = 32 << 20,
};

int grafana_open(struct grafana *g)
{
    scoped(buf_fini) struct buf secret = {0};
    struct str url = str_of(g->url && g->url[0] ? g->url : "http://localhost:3000");

    TRY(http_ask_check_url("--grafana", url));
    if (str_find(url, '?') < url.n)
        return fault(FAULT_EXIT(104), "--grafana %.*s: an address without '?'", STR_ARG(url));
    while (url.n && url.p[url.n - 1] == '/')
        url.n--;
    g->base = xstrndup(url.p, url.n);
    TRY(http_ask_secret(g->token_file, "BRUNT_GRAFANA_TOKEN", &secret));
    http_ask_authorization(buf_str(&secret), "Bearer", &g->auth);
    if (secret.data)
        explicit_bzero(secret.data, secret.cap);
    return 0;
}

void grafana_fini(struct grafana *g)
{
    free(g->base);
    if (g->auth.data)
        explicit_bzero(g->auth.data, g->auth.cap);
    buf_fini(&g->auth);
}

void grafana_answer_fini(struct grafana_answer *a)
{
    json_decref(a->body);
    *a = (struct grafana_answer){0};
}

static void take_text(const json_t *o, const char *key, char *to, size_t size)
{
    scoped(buf_fini) struct buf clean = {0};
    const json_t *v = json_object_get(o, key);

    if (json_is_string(v))
        markup_put_terminal(&clean, str_from(json_string_value(v), json_string_length(v)),
                            size / 2);
    snprintf(to, size, "%s", buf_cstr(&clean));
}

static int refused(const struct grafana *g, const struct grafana_answer *a)
{
    if (!g->auth.len)
        return fault(
            -EACCES,
            "Grafana wants to know who asks (status 401): put a service account's token, or "
            "user:password, into BRUNT_GRAFANA_TOKEN or a --token-file");
    return fault(-EACCES, "Grafana does not take the token or password (status 401%s%s)",
                 a->message[0] ? ": " : "", a->message);
}

int grafana_call(struct grafana *g, const char *method, const char *path, const json_t *body,
                 struct grafana_answer *ret_answer)
{
    scoped(freep) char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    scoped(freep) char *url = xasprintf("%s%s", g->base, path);
    scoped(buf_fini) struct buf answer = BUF_INIT(ANSWER_BYTES);
    struct http_ask ask = {.method = method,
                           .url = str_of(url),
                           .authorization = buf_str(&g->auth),
                           .accept = STR("application/json"),
                           .content_type = str_of(text ? "application/json" : NULL),
                           .body = str_of(text),
                           .has_body = text != NULL};
    struct grafana_answer a = {0};

    TRY(http_ask(&ask, &answer, &a.status));
    a.body = json_loadb(answer.data ? answer.data : "", answer.len, 0, NULL);
    take_text(a.body, "message", a.message, sizeof(a.message));
    take_text(a.body, "status", a.kind, sizeof(a.kind));
    if (a.status == 401) {
        int r = refused(g, &a);

        grafana_answer_fini(&a);
        return r;
    }
    *ret_answer = a;
    return 0;
}

int grafana_fault(const struct grafana_answer *a, const char *what)
{
    if (!a->body && a->status == 200)
        return fault(-EIO, "%s: the answer is no JSON; is this Grafana?", what);
    if (a->status == 403)
        return fault(
            -EACCES,
            "%s: Grafana does not allow it (status 403%s%s); the service account needs the "
            "role Editor, for data sources Admin",
            what, a->message[0] ? ": " : "", a->message);
    return fault(-EIO, "%s: Grafana says status %d%s%s", what, a->status, a->message[0] ? ": " : "",
                 a->message);
}
