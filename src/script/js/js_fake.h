#pragma once
/*
 * For tests of this folder: a host without network, loops or real time. Scripts are files of a
 * temporary directory; what they tell the host becomes lines of text. Time stands still but for
 * sleeping and waiting, which let it jump.
 *
 *     struct fake *f = fake_new();
 *     fake_file(f, "main.js", "export default function () {...}");
 *     assert_int_equal(fake_load(f), 0);
 *     fake_user(f, 1); assert_int_equal(fake_iterate(f, "default"), 0);
 *     assert_string_equal(fake_told(f), "info hello\n");
 *     fake_free(f);
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "metric/metric.h"
#include "metric/tagset.h"
#include "script/script.h"

struct fake {
    struct script_host host; /* first */
    struct script_host init_host;
    struct script_config config;
    struct metric_registry *metrics;
    struct tag_pool *pool;
    struct script *script;
    void *loop;
    void *vu;
    char dir[32];
    char files[16][64];
    size_t n_files;
    char *main_path;
    mono_ns now;
    struct buf told;
    struct buf stripped;                            /* told without the directory's name */
    void (*on_sleep)(struct fake *f, span_ns span); /* what happens while a user sleeps */
    int sleep_result;
    struct script_exec_info info;
};

static inline struct fake *fake_of(struct script_host *h)
{
    return (struct fake *)(void *)h;
}

static const char *const fake_levels[] = {"debug", "info", "warn", "error"};

/* All hosts of one fake write to the same text: the first init's host is a copy. */
static struct fake *fake_current;

static void fake_tell(const char *word, struct str text)
{
    buf_puts(&fake_current->told, word);
    buf_putc(&fake_current->told, ' ');
    buf_putstr(&fake_current->told, text);
    buf_putc(&fake_current->told, '\n');
}

static int fake_sleep(struct script_host *h, span_ns span)
{
    struct fake *f = fake_current;

    (void)h;
    f->now += span > 0 ? span : 0;
    if (f->on_sleep)
        f->on_sleep(f, span);
    return f->sleep_result;
}

static int fake_wait_event(struct script_host *h, mono_ns due)
{
    (void)h;
    if (due > fake_current->now)
        fake_current->now = due;
    return 0;
}

static mono_ns fake_now(struct script_host *h)
{
    (void)h;
    return fake_current->now;
}

static void fake_put_tags(const struct tagset *tags)
{
    struct buf *b = &fake_current->told;

    for (uint32_t i = 0; i < tags->n; i++) {
        buf_printf(b, "%s%.*s=%.*s", i ? "," : "", STR_ARG(tags->tags[i].key),
                   STR_ARG(tags->tags[i].value));
    }
}

static void fake_sample(struct script_host *h, uint32_t id, const struct tagset *tags, double value)
{
    (void)h;
    buf_printf(&fake_current->told, "sample %s{", metric_get(fake_current->metrics, id)->name);
    fake_put_tags(tags);
    buf_printf(&fake_current->told, "} %g\n", value);
}

static void fake_check(struct script_host *h, struct str name, const struct tagset *tags,
                       bool passed)
{
    (void)h;
    buf_printf(&fake_current->told, "check %.*s{", STR_ARG(name));
    fake_put_tags(tags);
    buf_printf(&fake_current->told, "} %d\n", passed);
}

static void fake_log(struct script_host *h, enum script_log_level level,
                     enum script_log_source source, struct str message)
{
    (void)h;
    (void)source;
    fake_tell(fake_levels[level], message);
}

static uint64_t fake_exception(struct script_host *h, const struct script_exception *e)
{
    (void)h;
    fake_tell("exception", e->line);
    return 0;
}

static void fake_exec_info(struct script_host *h, struct script_exec_info *ret_info)
{
    (void)h;
    *ret_info = fake_current->info;
}

static void fake_abort(struct script_host *h, struct str message)
{
    (void)h;
    fake_tell("abort", message);
}

static void fake_fail(struct script_host *h, struct str message)
{
    (void)h;
    fake_tell("fail", message);
}

static int fake_secret(struct script_host *h, struct str source, struct str key, struct buf *ret)
{
    (void)h;
    (void)source;
    if (!str_eq(key, STR("token"))) {
        buf_puts(ret, "no value");
        return SCRIPT_E_REFUSED;
    }
    buf_puts(ret, "s3cret");
    return 0;
}

static const struct script_host_ops fake_ops = {
    .sleep = fake_sleep,
    .wait_event = fake_wait_event,
    .now = fake_now,
    .sample = fake_sample,
    .check = fake_check,
    .log = fake_log,
    .exception = fake_exception,
    .exec_info = fake_exec_info,
    .abort = fake_abort,
    .fail = fake_fail,
    .secret = fake_secret,
};

UNUSED static struct fake *fake_new(void)
{
    struct fake *f = xnew(struct fake);

    fake_current = f;
    f->metrics = metric_registry_new();
    f->pool = tag_pool_new();
    f->now = 1000 * NS_PER_S;
    f->host.ops = &fake_ops;
    f->host.tag_pool = f->pool;
    f->host.tags = tagset_empty(f->pool);
    f->config.metrics = f->metrics;
    f->init_host = f->host;
    ignored(snprintf(f->dir, sizeof(f->dir), "/tmp/brunt_js_XXXXXX") < 0);
    assert_non_null(mkdtemp(f->dir));
    return f;
}

UNUSED static char *fake_path(struct fake *f, const char *name)
{
    return xasprintf("%s/%s", f->dir, name);
}

/* Writes a file; the first one is the main script. */
UNUSED static void fake_file(struct fake *f, const char *name, const char *text)
{
    char *path = fake_path(f, name);
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
    ignored(snprintf(f->files[f->n_files++], sizeof(f->files[0]), "%s", name) < 0);
    if (!f->main_path) {
        f->main_path = path;
    } else {
        free(path);
    }
}

UNUSED static int fake_load(struct fake *f)
{
    int r;

    f->config.path = f->main_path;
    r = script_js_ops.load(&f->config, &f->init_host, &f->script);
    if (r == 0)
        assert_int_equal(script_js_ops.loop_open(f->script, &f->loop), 0);
    return r;
}

UNUSED static int fake_user(struct fake *f, uint64_t id)
{
    int r;

    if (f->vu)
        script_js_ops.vu_free(f->vu);
    f->vu = NULL;
    f->host.vu_id = id;
    f->host.vu_id_in_test = id * 10;
    f->host.phase = SCRIPT_INIT;
    f->host.iteration = -1;
    r = script_js_ops.vu_new(f->script, f->loop, &f->host, &f->vu);
    f->host.phase = SCRIPT_RUN;
    return r;
}

UNUSED static int fake_iterate_with(struct fake *f, const char *name, const char *data)
{
    int index = script_js_ops.find_export(f->script, name);

    assert_true(index >= 0);
    f->host.iteration++;
    return script_js_ops.run_iteration(f->vu, index, data);
}

UNUSED static int fake_iterate(struct fake *f, const char *name)
{
    return fake_iterate_with(f, name, NULL);
}

/* What was told since the last call, with the test's directory written as DIR. */
UNUSED static const char *fake_told(struct fake *f)
{
    struct str text = buf_str(&f->told), dir = str_of(f->dir);

    buf_reset(&f->stripped);
    while (text.n) {
        size_t at = str_find_str(text, dir);

        buf_put(&f->stripped, text.p, at);
        if (at == text.n)
            break;
        buf_puts(&f->stripped, "DIR");
        text = str_from_index(text, at + dir.n);
    }
    buf_reset(&f->told);
    return buf_cstr(&f->stripped);
}

UNUSED static void fake_free(struct fake *f)
{
    if (f->vu)
        script_js_ops.vu_free(f->vu);
    script_js_ops.loop_close(f->loop);
    script_js_ops.free(f->script);
    metric_registry_free(f->metrics);
    tag_pool_free(f->pool);
    for (size_t i = 0; i < f->n_files; i++) {
        char *path = fake_path(f, f->files[i]);

        ignored(unlink(path));
        free(path);
    }
    ignored(rmdir(f->dir));
    free(f->main_path);
    buf_fini(&f->told);
    buf_fini(&f->stripped);
    free(f);
}

/* Loads one script, makes user 1 and runs its default export once; gives what was told. */
UNUSED static const char *fake_once(struct fake *f, const char *script)
{
    fake_file(f, "main.js", script);
    if (fake_load(f) != 0) {
        fake_tell("fault", str_of(fault_text()));
        return fake_told(f);
    }
    assert_int_equal(fake_user(f, 1), 0);
    ignored(fake_iterate(f, "default"));
    return fake_told(f);
}
