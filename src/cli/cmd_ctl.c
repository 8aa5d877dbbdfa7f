/*
 * brunt ctl ACTION: asks a run that serves its REST API (brunt run --address) how it stands, or to
 * do something else. An action is a row: what is sent, and how the answer is shown.
 */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "base/opt.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "loop/coro.h"
#include "loop/loop.h"
#include "proto/http.h"
#include "proto/http1/http1_encode.h"
#include "proto/url.h"
#include "vu/vu_fetch.h"

struct action;

struct ctl {
    const char *address, *token, *scenario;
    int64_t vus;
    double rate;
    bool json;
    struct opt_args args;
    const struct action *action;
    struct loop *loop;
    struct buf order, answer;
    int status; /* of the answer; 0: there was none */
    int result;
};

#define AT(field) offsetof(struct ctl, field)

static const struct opt_row rows[] = {
    {.name = "address",
     .short_name = 'a',
     .type = OPT_STRING,
     .offset = AT(address),
     .env = "K6_ADDRESS",
     .value_name = "HOST:PORT",
     .help = "where the run serves its REST API (default localhost:6565)"},
    {.name = "address-token",
     .type = OPT_STRING,
     .offset = AT(token),
     .env = "BRUNT_ADDRESS_TOKEN",
     .value_name = "TOKEN",
     .help = "the token that the run was given"},
    {.name = "vus",
     .short_name = 'u',
     .type = OPT_INT,
     .offset = AT(vus),
     .min = 0,
     .max = 1000000,
     .value_name = "N",
     .help = "with scale: users that the scenario is to have"},
    {.name = "rate",
     .type = OPT_NUMBER,
     .offset = AT(rate),
     .min = 0,
     .max = 1e6,
     .value_name = "N",
     .help = "with scale: iterations that the scenario is to start each second"},
    {.name = "scenario",
     .short_name = 's',
     .type = OPT_STRING,
     .offset = AT(scenario),
     .value_name = "NAME",
     .help = "with scale: which one, when several can be scaled"},
    {.name = "json", .type = OPT_FLAG, .offset = AT(json), .help = "print the answer as it came"},
};

static const struct opt_example examples[] = {
    {"brunt run --address localhost:6565 script.js", "a run that can be controlled"},
    {"brunt ctl status", "how it stands"},
    {"brunt ctl pause", "start no more iterations for now; `resume` goes on"},
    {"brunt ctl scale --vus 200", "have 200 users from now on"},
    {"brunt ctl scale --vus 20 --scenario browse", "the same, with several scenarios"},
    {"brunt ctl stop", "end the test; it prints its summary and exits with 103"},
};

static const struct opt_table table = {
    .name = "brunt ctl",
    .operands = "status|pause|resume|stop|scale|metrics|events",
    .summary = "Look at a running test and control it.",
    .about = "The test must have been started with --address. What is changed is kept with the "
             "test as an event: `events` lists them.\n\n"
             "Exit codes: 0 it was done, 1 the run refused and said why, 255 there was no answer "
             "or the command line is wrong.",
    .rows = rows,
    .n_rows = countof(rows),
    .examples = examples,
    .n_examples = countof(examples),
    .min_operands = 1,
    .max_operands = 1,
};

/* ---- showing answers ---- */

static void release(json_t **root)
{
    json_decref(*root);
}

static const char *text_of(const json_t *object, const char *key, const char *otherwise)
{
    const char *s = json_string_value(json_object_get(object, key));

    return s ? s : otherwise;
}

static const char *course_of(const json_t *attributes)
{
    static const char *const words[] = {"created",        "initialising users",
                                        "initialising",   "initialised",
                                        "waiting paused", "started",
                                        "in setup()",     "running",
                                        "in teardown()",  "ended",
                                        "interrupted",    "failed"};
    json_int_t status = json_integer_value(json_object_get(attributes, "status"));

    return status >= 0 && (size_t)status < countof(words) ? words[status] : "unknown";
}

static void show_status(const json_t *data)
{
    const json_t *a = json_object_get(data, "attributes");
    bool is_paused = json_is_true(json_object_get(a, "paused"));
    bool is_stopped = json_is_true(json_object_get(a, "stopped"));

    printf("test: %s%s%s\n", course_of(a), is_paused ? ", paused" : "",
           is_stopped ? ", being stopped" : "");
    printf("users: %lld active of %lld\n", (long long)json_integer_value(json_object_get(a, "vus")),
           (long long)json_integer_value(json_object_get(a, "vus-max")));
    printf("thresholds: %s\n",
           json_is_true(json_object_get(a, "tainted")) ? "some fail" : "none fails");
}

static void show_metrics(const json_t *data)
{
    const json_t *metric, *value;
    const char *stat;
    size_t i;

    json_array_foreach(data, i, metric)
    {
        json_t *sample = json_object_get(json_object_get(metric, "attributes"), "sample");

        printf("%s:", text_of(metric, "id", "?"));
        json_object_foreach(sample, stat, value)
        {
            char number[JSON_NUMBER_BYTES];

            json_number(json_number_value(value), number);
            printf(" %s=%s", stat, number);
        }
        printf("\n");
    }
}

static void show_events(const json_t *data)
{
    const json_t *event;
    size_t i;

    if (!json_array_size(data))
        printf("nothing was changed so far\n");
    json_array_foreach(data, i, event)
    {
        const json_t *a = json_object_get(event, "attributes");

        printf("%8.1f s  %s", json_number_value(json_object_get(a, "elapsed")),
               text_of(a, "kind", "?"));
        if (json_is_number(json_object_get(a, "to"))) {
            printf(" of %s from %g to %g", text_of(a, "scenario", "?"),
                   json_number_value(json_object_get(a, "from")),
                   json_number_value(json_object_get(a, "to")));
        }
        printf(", by %s\n", text_of(a, "by", "?"));
    }
}

/* ---- actions ---- */

struct action {
    const char *name;
    const char *method;
    const char *path;
    void (*show)(const json_t *data);
};

static const struct action actions[] = {
    {"status", "GET", "/v1/status", show_status},   {"pause", "POST", "/v1/control", show_status},
    {"resume", "POST", "/v1/control", show_status}, {"stop", "POST", "/v1/control", show_status},
    {"scale", "POST", "/v1/control", show_status},  {"metrics", "GET", "/v1/metrics", show_metrics},
    {"events", "GET", "/v1/events", show_events},
};

static int find_action(const char *name, const struct action **ret_action)
{
    for (size_t i = 0; i < countof(actions); i++) {
        if (strcmp(actions[i].name, name) == 0) {
            *ret_action = &actions[i];
            return 0;
        }
    }
    const char *near = opt_nearest(name, &actions[0].name, countof(actions), sizeof(actions[0]));

    return fault(-EINVAL, "'%s' is none of %s%s%s%s", name, table.operands,
                 near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static int check_scale(const struct ctl *c)
{
    bool has_vus = opt_given(&table, &c->args, "vus");
    bool has_rate = opt_given(&table, &c->args, "rate");
    bool is_scale = strcmp(c->action->name, "scale") == 0;

    if (is_scale && has_vus == has_rate)
        return fault(-EINVAL, "scale needs either --vus N or --rate N");
    if (!is_scale && (has_vus || has_rate || c->scenario))
        return fault(-EINVAL, "--vus, --rate and --scenario go with scale only");
    return 0;
}

/* What /v1/control takes. */
static void put_order(struct ctl *c)
{
    struct json_out j = JSON_OUT(&c->order, 0);

    json_open_object(&j);
    json_key(&j, "action");
    json_put_cstr(&j, c->action->name);
    json_key(&j, "by");
    json_put_cstr(&j, "brunt ctl");
    if (c->scenario) {
        json_key(&j, "scenario");
        json_put_cstr(&j, c->scenario);
    }
    if (opt_given(&table, &c->args, "vus")) {
        json_key(&j, "vus");
        json_put_int(&j, c->vus);
    }
    if (opt_given(&table, &c->args, "rate")) {
        json_key(&j, "rate");
        json_put_f64(&j, c->rate);
    }
    json_close(&j);
}

static int send_request(struct ctl *c)
{
    const char *at = c->address && c->address[0] ? c->address : "localhost:6565";
    scoped(freep) char *text =
        xasprintf("http://%s%s%s", at[0] == ':' ? "localhost" : "", at, c->action->path);
    scoped(freep) char *secret = xasprintf("Bearer %s", c->token ? c->token : "");
    struct http_header headers[2] = {{STR("Content-Type"), STR("application/json")},
                                     {STR("Authorization"), str_of(secret)}};
    bool is_order = strcmp(c->action->method, "POST") == 0;
    struct url *url = NULL;

    if (!http1_is_value(str_of(secret)))
        return fault(-EINVAL, "--address-token: a token that cannot be sent");
    TRY(url_parse(str_of(text), NULL, &url));
    if (is_order)
        put_order(c);
    struct http_request req = {.method = str_of(c->action->method),
                               .url = url,
                               .headers = headers,
                               .n_headers = c->token && c->token[0] ? 2 : 1,
                               .body = buf_str(&c->order),
                               .has_body = is_order,
                               .body_mode = HTTP_BODY_KEEP,
                               .timeout = 30 * NS_PER_S};
    int r = vu_fetch_request(&req, &c->answer, &c->status);

    url_unref(url);
    TRY(r);
    if (!c->status)
        return fault(-EIO, "no answer from %s (was the test started with --address?): %s", at,
                     fault_text());
    return 0;
}

static void main_coroutine(void *arg)
{
    struct ctl *c = arg;

    c->result = send_request(c);
    if (c->result < 0)
        c->result = cli_fault(c->result);
    loop_stop(c->loop);
}

/* ---- the answer ---- */

static int show_errors(const struct ctl *c, const json_t *root)
{
    const json_t *error = json_array_get(json_object_get(root, "errors"), 0);

    fprintf(stderr, "brunt: %s\n",
            text_of(error, "detail", "the answer is an error without words"));
    if (c->json)
        cli_write(STDOUT_FILENO, buf_str(&c->answer));
    return 1;
}

static int show(const struct ctl *c)
{
    json_error_t error;
    scoped(release) json_t *root =
        json_loadb(c->answer.data ? c->answer.data : "", c->answer.len, 0, &error);

    if (!root)
        return fault(-EPROTO, "the answer (status %d) is not that of a load test: %s", c->status,
                     error.text);
    if (c->status != 200)
        return show_errors(c, root);
    if (c->json) {
        cli_write(STDOUT_FILENO, buf_str(&c->answer));
        cli_write(STDOUT_FILENO, STR("\n"));
        return 0;
    }
    c->action->show(json_object_get(root, "data"));
    return 0;
}

static int ask(struct ctl *c)
{
    TRY(find_action(c->args.operands[0], &c->action));
    TRY(check_scale(c));
    TRY(loop_new(NULL, &c->loop));
    int r = coro_spawn(c->loop, CORO_STACK_LARGE, main_coroutine, c, NULL);

    if (r == 0)
        r = loop_run(c->loop);
    loop_free(c->loop);
    TRY(r);
    return c->result ? c->result : show(c);
}

static int run_ctl(int argc, char **argv)
{
    struct ctl c = {0};
    int r = opt_parse(&table, &c, argc, argv, &c.args);

    if (r == OPT_E_HELP)
        return cli_help(&table, &c.args);
    if (r == 0)
        r = ask(&c);
    opt_args_fini(&c.args);
    buf_fini(&c.order);
    buf_fini(&c.answer);
    return r;
}

const struct command cmd_ctl = {
    .name = "ctl",
    .help = "look at a running test and control it",
    .run = run_ctl,
    .options = &table,
};
