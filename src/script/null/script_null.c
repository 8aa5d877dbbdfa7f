/*
 * The script that is none: one fixed request an iteration. It serves `brunt run URL`, and it
 * measures the engine itself, because nothing but the engine runs.
 */
#include "base/mem.h"
#include "proto/http.h"
#include "proto/url.h"
#include "script/script.h"

struct null_script {
    struct script script; /* first: handed out as this */
    struct http_request request;
    struct script_export export_;
};

struct null_vu {
    struct http_request request; /* with the loop's URL, the user's tags and jar */
    struct script_host *host;
};

static int null_load(const struct script_config *config, struct script_host *host UNUSED,
                     struct script **ret_script)
{
    struct null_script *s = xnew(struct null_script);

    s->request = *config->request;
    s->export_ = (struct script_export){.name = xstrdup("default"), .callable = true};
    s->script = (struct script){.ops = &script_null_ops, .exports = &s->export_, .n_exports = 1};
    s->script.text = xstrdup(config->path);
    s->script.n_text = strlen(config->path);
    *ret_script = &s->script;
    return 0;
}

static void null_free(struct script *script)
{
    struct null_script *s = container_of(script, struct null_script, script);

    free(s->export_.name);
    free(script->text);
    free(s);
}

/* URLs are counted without locks, so each loop has one of its own. */
static int null_loop_open(struct script *script, void **ret_loop)
{
    const struct null_script *s = container_of(script, struct null_script, script);
    struct url *url;

    TRY(url_parse(s->request.url->original, NULL, &url));
    *ret_loop = url;
    return 0;
}

static void null_loop_close(void *script_loop)
{
    url_unref(script_loop);
}

static int null_vu_new(struct script *script, void *script_loop, struct script_host *host,
                       void **ret_vu)
{
    struct null_vu *vu = xnew_lines(struct null_vu);

    vu->host = host;
    vu->request = container_of(script, struct null_script, script)->request;
    vu->request.url = script_loop;
    *ret_vu = vu;
    return 0;
}

static int null_find_export(struct script *s UNUSED, const char *name)
{
    return strcmp(name, "default") == 0 ? 0 : -1;
}

static const struct http_request *null_fixed_request(void *self)
{
    struct null_vu *vu = self;

    vu->request.tags = vu->host->tags;
    vu->request.jar = vu->host->jar;
    return &vu->request;
}

static int null_run_iteration(void *self, int export_index UNUSED, const char *setup_data UNUSED)
{
    struct null_vu *vu = self;
    struct http_response *r;
    int result = vu->host->ops->request(vu->host, null_fixed_request(vu), &r);

    http_response_unref(r);
    return result;
}

static int null_setup(void *vu UNUSED, mono_ns deadline UNUSED, char **ret_json)
{
    *ret_json = NULL;
    return 0;
}

static int null_teardown(void *vu UNUSED, const char *setup_data UNUSED, mono_ns deadline UNUSED)
{
    return 0;
}

static int null_handle_summary(void *vu UNUSED, const char *data_json UNUSED,
                               mono_ns deadline UNUSED, struct script_summary_file **ret_files,
                               size_t *ret_n)
{
    *ret_files = NULL;
    *ret_n = 0;
    return 0;
}

/* There is no code to stop; what waits is cancelled by the host. */
static void null_interrupt(void *vu UNUSED)
{
}

static void null_set_deadline(void *vu UNUSED, mono_ns deadline UNUSED)
{
}

const struct script_ops script_null_ops = {
    .name = "null",
    .suffixes = (const char *const[]){NULL},
    .load = null_load,
    .free = null_free,
    .loop_open = null_loop_open,
    .loop_close = null_loop_close,
    .vu_new = null_vu_new,
    .vu_free = free,
    .find_export = null_find_export,
    .run_iteration = null_run_iteration,
    .fixed_request = null_fixed_request,
    .setup = null_setup,
    .teardown = null_teardown,
    .handle_summary = null_handle_summary,
    .interrupt = null_interrupt,
    .set_deadline = null_set_deadline,
};
