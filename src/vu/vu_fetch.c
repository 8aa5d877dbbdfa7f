/* A client with a loop side of its own, for as long as one request takes. */
#include "vu/vu_fetch.h"

#include <errno.h>

#include "base/buf.h"
#include "base/mem.h"
#include "client/client.h"
#include "client/client_policy.h"
#include "loop/loop.h"
#include "metric/recorder.h"
#include "proto/url.h"

struct fetch {
    struct metric_registry *registry;
    struct tag_pool *tags;
    struct recorder *recorder;
    struct client_policy *policy;
    struct client_loop *clients;
    struct client *client;
};

static void fetch_fini(struct fetch *f)
{
    client_free(f->client);
    client_loop_free(f->clients);
    client_policy_free(f->policy);
    recorder_free(f->recorder);
    tag_pool_free(f->tags);
    metric_registry_free(f->registry);
}

static int fetch_init(struct fetch *f)
{
    struct client_settings settings = {.user_agent = "brunt/" BRUNT_VERSION,
                                       .dns_ttl = 60 * NS_PER_S,
                                       .dns_select = "first",
                                       .dns_policy = "preferIPv4"};

    f->registry = metric_registry_new();
    f->tags = tag_pool_new();
    struct recorder_config rec = {.registry = f->registry, .pool = f->tags};

    f->recorder = recorder_new(&rec);
    TRY(client_policy_new(&settings, &f->policy));
    struct client_loop_config config = {
        .loop = loop_self(), .policy = f->policy, .recorder = f->recorder, .tags = f->tags};

    TRY(client_loop_new(&config, &f->clients));
    f->client = client_new(f->clients, 0);
    return 0;
}

static int carry_out(struct fetch *f, const struct http_request *req, struct buf *ret_body,
                     int *ret_status)
{
    struct http_response *r = NULL;

    if (client_request(f->client, req, &r))
        return fault(-ECANCELED, "interrupted");
    int result = buf_add(ret_body, r->body.p, r->body.n);

    *ret_status = r->status;
    if (r->error.n)
        ignored(fault(-EIO, "%.*s", STR_ARG(r->error)));
    http_response_unref(r);
    return result ? fault(-EFBIG, "the answer is too large") : 0;
}

int vu_fetch_request(const struct http_request *req, struct buf *ret_body, int *ret_status)
{
    struct fetch f = {0};
    int r = fetch_init(&f);

    if (r == 0)
        r = carry_out(&f, req, ret_body, ret_status);
    fetch_fini(&f);
    return r;
}

int vu_fetch(const char *url, struct buf *ret_body, int *ret_status)
{
    struct http_request req = {.method = STR("GET"),
                               .body_mode = HTTP_BODY_KEEP,
                               .timeout = 60 * NS_PER_S,
                               .max_redirects = 10};
    struct url *parsed = NULL;
    int r;

    TRY(url_parse(str_of(url), NULL, &parsed));
    req.url = parsed;
    r = vu_fetch_request(&req, ret_body, ret_status);
    url_unref(parsed);
    return r;
}
