/*
 * An address may have a question, which says what of the server is meant (db, org, bucket); it is
 * taken off, and the paths of requests follow what is left.
 */
#include "cli/dashboard_servers.h"

#include <errno.h>

#include "base/mem.h"
#include "cli/http_ask.h"

static const struct {
    const char *name, *variable, *scheme;
} kinds[QUERY_N_KINDS] = {
    [QUERY_PROMETHEUS] = {"prometheus", "BRUNT_PROMETHEUS_TOKEN", "Bearer"},
    [QUERY_INFLUXQL] = {"influxdb", "BRUNT_INFLUXDB_TOKEN", "Token"},
    [QUERY_FLUX] = {"influxdb2", "BRUNT_INFLUXDB2_TOKEN", "Token"},
    [QUERY_GRAPHITE] = {"graphite", "BRUNT_GRAPHITE_TOKEN", "Bearer"},
};

/* ---- exchanges ---- */

static int carry(void *arg, enum query_kind kind, const struct query_request *req,
                 struct buf *ret_body, int *ret_status)
{
    struct dashboard_servers *s = arg;
    scoped(buf_fini) struct buf url = {0};

    buf_puts(&url, s->of[kind].base);
    buf_putstr(&url, req->path);
    struct http_ask ask = {.method = req->body.n ? "POST" : "GET",
                           .url = buf_str(&url),
                           .authorization = buf_str(&s->of[kind].auth),
                           .accept = str_of(req->accept),
                           .content_type = str_of(req->body.n ? req->content_type : NULL),
                           .body = req->body,
                           .has_body = req->body.n > 0,
                           .timeout = s->timeout};

    return http_ask(&ask, ret_body, ret_status);
}

/* ---- addresses ---- */

static void take_word(struct dashboard_servers *s, struct str name, struct str value)
{
    const struct {
        const char *name;
        struct str *to;
    } words[] = {{"db", &s->servers.db},
                 {"rp", &s->servers.policy},
                 {"org", &s->servers.organization},
                 {"bucket", &s->servers.bucket}};

    for (size_t i = 0; i < countof(words); i++) {
        if (str_is(name, words[i].name))
            *words[i].to = arena_str(&s->arena, value);
    }
}

static int take_url(struct dashboard_servers *s, enum query_kind kind)
{
    struct dashboard_server *one = &s->of[kind];
    struct str url = str_of(one->url), part;
    scoped(freep) char *option = xasprintf("--%s", kinds[kind].name);
    struct str question = str_from_index(url, str_find(url, '?') + 1);

    TRY(http_ask_check_url(option, url));
    url.n = str_find(url, '?');
    while (url.n && url.p[url.n - 1] == '/')
        url.n--;
    one->base = xstrndup(url.p, url.n);
    while (str_split(&question, '&', &part)) {
        size_t eq = str_find(part, '=');

        take_word(s, str_from(part.p, eq), str_from_index(part, eq + 1));
    }
    s->servers.has[kind] = true;
    return 0;
}

static const char *auth_file(const struct dashboard_servers *s, const char *name)
{
    size_t n = strlen(name);

    for (size_t i = 0; i < s->auth_files.n_items; i++) {
        const char *text = s->auth_files.items[i];

        if (strncmp(text, name, n) == 0 && text[n] == '=')
            return text + n + 1;
    }
    return NULL;
}

static int take_auth(struct dashboard_servers *s, enum query_kind kind)
{
    scoped(buf_fini) struct buf secret = {0};

    TRY(http_ask_secret(auth_file(s, kinds[kind].name), kinds[kind].variable, &secret));
    http_ask_authorization(buf_str(&secret), kinds[kind].scheme, &s->of[kind].auth);
    if (secret.data)
        explicit_bzero(secret.data, secret.cap);
    return 0;
}

/* A word before '=' that is no server is a mistake that would be silent. */
static int check_auth_files(const struct dashboard_servers *s)
{
    for (size_t i = 0; i < s->auth_files.n_items; i++) {
        struct str text = str_of(s->auth_files.items[i]);
        struct str name = str_from(text.p, str_find(text, '='));
        bool is_known = false;

        for (size_t k = 0; k < QUERY_N_KINDS; k++)
            is_known = is_known || str_is(name, kinds[k].name);
        if (!is_known || name.n == text.n)
            return fault(FAULT_EXIT(104),
                         "--auth-file %s: write prometheus=FILE, influxdb=FILE, "
                         "influxdb2=FILE or graphite=FILE",
                         text.p);
    }
    return 0;
}

int dashboard_servers_open(struct dashboard_servers *s)
{
    bool any = false;

    s->servers.carry = carry;
    s->servers.arg = s;
    s->servers.db = STR("k6");
    TRY(check_auth_files(s));
    for (int k = 0; k < QUERY_N_KINDS; k++) {
        if (!s->of[k].url)
            continue;
        TRY(take_url(s, (enum query_kind)k));
        TRY(take_auth(s, (enum query_kind)k));
        any = true;
    }
    if (!any)
        return fault(FAULT_EXIT(104),
                     "whom to ask? Give --prometheus URL, --influxdb URL, "
                     "--influxdb2 URL or --graphite URL, as many as the dashboards "
                     "need");
    if (s->servers.has[QUERY_FLUX] && !s->servers.organization.n)
        return fault(FAULT_EXIT(104), "--influxdb2 needs an organisation: "
                                      "--influxdb2 'http://host:8086?org=NAME&bucket=NAME'");
    return 0;
}

void dashboard_servers_fini(struct dashboard_servers *s)
{
    for (size_t k = 0; k < QUERY_N_KINDS; k++) {
        struct buf *auth = &s->of[k].auth;

        free(s->of[k].base);
        if (auth->data)
            explicit_bzero(auth->data, auth->cap);
        buf_fini(auth);
    }
    opt_list_fini(&s->auth_files);
    arena_fini(&s->arena);
}
