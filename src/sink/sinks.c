/*
 * The sinks of a run and the thread of their deliveries. The thread starts only when a sink pushes;
 * it runs one loop until sinks_close tells it to end, and tells the run's thread through a
 * condition when it has begun and when it is over.
 */
#include "sink/sinks.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"
#include "loop/coro.h"
#include "loop/loop.h"
#include "metric/systag.h"
#include "sink/push_priv.h"

#define SPOOL_BYTES_DEFAULT (UINT64_C(1) << 30)

/* What every sink can be told, whatever its class. */
struct common {
    const char *vocab;
    const char *compat;
    const char *label;
};

struct slot {
    struct sinks *sinks;
    const struct sink_class *class;
    const char *label;
    const char *arg;
    const char *spec; /* without secrets */
    const char *vocab;
    bool exact;
    void *options;
    struct push *push;
    struct sink *sink; /* NULL: not open yet */
    struct spool *adopted;
    const char *adopted_format;
};

struct sinks {
    struct arena arena;
    struct sinks_config config;
    struct push_host host;
    struct slot **slots;
    size_t n_slots, cap_slots;
    struct vocab_feed **feeds;
    size_t n_feeds, cap_feeds;
    const struct thresholds *thresholds;
    uint32_t system_tags;
    bool is_replay;  /* sinks_point() was called */
    uint64_t n_lost; /* samples that no sink saw */
    bool has_thread;
    pthread_t thread;
    struct loop *loop;
    struct push_clients *clients;
    struct message drain, close;
    struct {
        pthread_mutex_t lock;
        pthread_cond_t changed;
        bool is_up; /* or failed */
        int result;
        char text[256];
    } shared;
};

static void host_say(void *arg, enum push_say level, const char *text)
{
    struct sinks *s = arg;

    if (s->config.say)
        s->config.say(s->config.arg, level == PUSH_SAY_WARNING, text);
}

PRINTF_LIKE(4, 0)
static void say(struct sinks *s, enum push_say level, const char *label, const char *fmt,
                va_list args)
{
    char text[1024];
    int n = snprintf(text, sizeof(text), "%s: ", label);

    vsnprintf(text + n, sizeof(text) - (size_t)n, fmt, args);
    host_say(s, level, text);
}

void sinks_say(struct sinks *s, const char *label, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    say(s, PUSH_SAY_WARNING, label, fmt, args);
    va_end(args);
}

void sinks_note(struct sinks *s, const char *label, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    say(s, PUSH_SAY_INFO, label, fmt, args);
    va_end(args);
}

void sinks_describe(struct sinks *s, const struct thresholds *thresholds, uint32_t system_tags)
{
    s->thresholds = thresholds;
    s->system_tags = system_tags;
}

struct sinks *sinks_new(const struct sinks_config *config)
{
    struct sinks *s = xnew(struct sinks);

    s->config = *config;
    s->system_tags = systag_default;
    s->host = (struct push_host){
        .spool_dir = config->spool_dir,
        .spool_bytes = config->spool_bytes ? config->spool_bytes : SPOOL_BYTES_DEFAULT,
        .run = config->run_id,
        .say = host_say,
        .arg = s,
    };
    pthread_mutex_init(&s->shared.lock, NULL);
    pthread_cond_init(&s->shared.changed, NULL);
    return s;
}

void sinks_free(struct sinks *s)
{
    if (!s)
        return;
    sinks_close(s);
    for (size_t i = 0; i < s->n_slots; i++) {
        struct slot *slot = s->slots[i];

        if (slot->sink)
            slot->sink->ops->close(slot->sink);
        push_free(slot->push);
        spool_close(slot->adopted);
        free(slot->options);
        free(slot);
    }
    for (size_t i = 0; i < s->n_feeds; i++)
        vocab_feed_free(s->feeds[i]);
    free(s->slots);
    free(s->feeds);
    pthread_mutex_destroy(&s->shared.lock);
    pthread_cond_destroy(&s->shared.changed);
    arena_fini(&s->arena);
    free(s);
}

/* ---- adding ---- */

const struct sink_class *sink_class_find(struct str name)
{
    for (size_t i = 0; i < n_sink_classes; i++) {
        const struct sink_class *class = sink_classes[i];

        if (str_is(name, class->name))
            return class;
        for (const char *const *a = class->aliases; a && *a; a++) {
            if (str_is(name, *a))
                return class;
        }
    }
    return NULL;
}

static int no_class(struct str name)
{
    struct buf list = {0};

    for (size_t i = 0; i < n_sink_classes; i++)
        buf_printf(&list, "%s%s", i ? ", " : "", sink_classes[i]->name);
    int r = fault(FAULT_EXIT(104), "no output is called \"%.*s\"; there are %s", STR_ARG(name),
                  buf_cstr(&list));

    buf_fini(&list);
    return r;
}

static bool label_is_taken(const struct sinks *s, const char *label)
{
    for (size_t i = 0; i < s->n_slots; i++) {
        if (strcmp(s->slots[i]->label, label) == 0)
            return true;
    }
    return false;
}

/* The name itself, or with a number behind it. */
static const char *make_label(struct sinks *s, const char *name)
{
    const char *label = name;

    for (unsigned n = 2; label_is_taken(s, label); n++)
        label = arena_printf(&s->arena, "%s-%u", name, n);
    return label;
}

/* Labels become names of folders and values of tags. */
static int check_label(const struct sinks *s, const char *label)
{
    size_t n = strspn(label, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

    if (!label[0] || label[n] || n > 64) {
        return fault(FAULT_EXIT(104), "an output's label has letters, digits, _ and - only: \"%s\"",
                     label);
    }
    if (label_is_taken(s, label))
        return fault(FAULT_EXIT(104), "two outputs have the label \"%s\"", label);
    return 0;
}

/* Takes what is common to all sinks out of the pairs. */
static void take_common(struct sink_pairs *pairs, struct common *ret)
{
    size_t n = 0;

    *ret = (struct common){0};
    for (size_t i = 0; i < pairs->n; i++) {
        const struct sink_pair *p = &pairs->items[i];
        const char **at = strcmp(p->name, "vocab") == 0    ? &ret->vocab
                          : strcmp(p->name, "compat") == 0 ? &ret->compat
                          : strcmp(p->name, "label") == 0  ? &ret->label
                                                           : NULL;

        if (at) {
            *at = p->value;
        } else {
            pairs->items[n++] = *p;
        }
    }
    pairs->n = n;
}

static int check_common(const struct sinks *s, const struct common *common)
{
    uint32_t vocabs;

    if (common->vocab)
        TRY(vocab_parse(str_of(common->vocab), &vocabs));
    if (common->compat && strcmp(common->compat, "exact") != 0)
        return fault(FAULT_EXIT(104), "compat=%s: there is only compat=exact", common->compat);
    if (common->label)
        TRY(check_label(s, common->label));
    return 0;
}

int sinks_add(struct sinks *s, const char *spec)
{
    struct str text = str_of(spec);
    size_t at_query = str_find(text, '?');
    size_t at_arg = str_find(str_from(text.p, at_query), '=');
    struct str name = str_trim(str_from(text.p, at_arg));
    const struct sink_class *class = sink_class_find(name);
    struct sink_pairs pairs = {0};
    struct common common;

    if (!class)
        return no_class(name);
    if (at_query < text.n)
        TRY(sink_query_parse(&s->arena, str_from_index(text, at_query + 1), &pairs));
    if (at_arg < at_query && !class->arg)
        return fault(FAULT_EXIT(104), "output %s takes nothing behind the =", class->name);
    take_common(&pairs, &common);
    TRY(check_common(s, &common));
    struct slot *slot = xnew(struct slot);

    vec_push(s->slots, s->n_slots, s->cap_slots) = slot;
    slot->label = "";
    slot->label = common.label ? common.label : make_label(s, class->name);
    slot->sinks = s;
    slot->class = class;
    slot->vocab = common.vocab ? common.vocab : s->config.vocab;
    slot->exact = common.compat != NULL;
    if (at_arg < at_query)
        slot->arg = arena_str(&s->arena, str_from(text.p + at_arg + 1, at_query - at_arg - 1)).p;
    slot->spec = sink_public_spec(class, slot->arg, &pairs, &s->arena);
    slot->options = xcalloc(1, class->options_size ? class->options_size : 1);
    struct sink_sources from = {
        .query = &pairs, .env = s->config.env, .setting = s->config.setting, .arg = s->config.arg};

    TRY(sink_params_read(class, &from, &s->arena, slot->options));
    return 0;
}

int sinks_adopt(struct sinks *s, struct spool *spool, const char *format)
{
    if (!s->n_slots)
        return fault(-EINVAL, "there is no sink for the spool");
    s->slots[0]->adopted = spool;
    s->slots[0]->adopted_format = arena_str(&s->arena, str_of(format)).p;
    return 0;
}

/* ---- opening ---- */

struct push *sinks_push(struct sinks *s, const struct push_config *config)
{
    for (size_t i = 0; i < s->n_slots; i++) {
        struct slot *slot = s->slots[i];

        if (slot->push || strcmp(slot->label, config->label) != 0)
            continue;
        slot->push = push_new(config, &s->host, slot->spec);
        return slot->push;
    }
    return NULL;
}

int sinks_feed(const struct sink_setup *setup, const struct vocab_options *options, const char *own,
               struct vocab_feed **ret_feed)
{
    struct sinks *s = setup->sinks;
    struct vocab_options o = *options;
    struct vocab_feed *feed;

    if (own && s->config.usual && strcmp(own, "brunt") == 0)
        own = s->config.usual;
    TRY(vocab_parse(str_of(setup->vocab ? setup->vocab : own), &o.vocabs));
    o.exact = setup->exact;
    o.run = o.run ? o.run : setup->run;
    o.given = s->config.given;
    TRY(vocab_feed_new(&o, setup->snapshot, &feed));
    vec_push(s->feeds, s->n_feeds, s->cap_feeds) = feed;
    *ret_feed = feed;
    return 0;
}

static int adopt(struct slot *slot)
{
    if (!slot->adopted)
        return 0;
    if (!slot->push)
        return fault(-EINVAL, "output %s does not send from a spool", slot->class->name);
    TRY(push_adopt(slot->push, slot->adopted, slot->adopted_format));
    slot->adopted = NULL;
    return 0;
}

static int open_slot(struct slot *slot, struct snapshot *snapshot)
{
    struct sinks *s = slot->sinks;
    struct sink_setup setup = {
        .class = slot->class,
        .label = slot->label,
        .arg = slot->arg,
        .options = slot->options,
        .sinks = s,
        .snapshot = snapshot,
        .vocab = slot->vocab,
        .exact = slot->exact,
        .run = s->config.run,
        .thresholds = s->thresholds,
        .system_tags = s->system_tags,
        .say = s->config.say,
        .say_arg = s->config.arg,
    };

    TRY(slot->class->open(&setup, &slot->sink));
    TRY(adopt(slot));
    return 0;
}

static bool pushes(const struct sinks *s)
{
    for (size_t i = 0; i < s->n_slots; i++) {
        if (s->slots[i]->push)
            return true;
    }
    return false;
}

/* ---- the thread ---- */

static void tell(struct sinks *s, int result)
{
    pthread_mutex_lock(&s->shared.lock);
    s->shared.is_up = true;
    s->shared.result = result;
    if (result)
        snprintf(s->shared.text, sizeof(s->shared.text), "%s", fault_text());
    pthread_cond_signal(&s->shared.changed);
    pthread_mutex_unlock(&s->shared.lock);
}

static int start_all(struct sinks *s)
{
    TRY(push_clients_new(&s->clients));
    for (size_t i = 0; i < s->n_slots; i++) {
        if (s->slots[i]->push)
            TRY(push_start(s->slots[i]->push, s->clients));
    }
    return 0;
}

static void run_start(void *arg)
{
    struct sinks *s = arg;

    tell(s, start_all(s));
}

static void stop_one(void *arg)
{
    push_stop(arg);
}

/* Each sees to its own disk, all at once. */
static void run_close(void *arg)
{
    struct sinks *s = arg;
    struct coro_waitgroup group;

    coro_waitgroup_init(&group, s->loop);
    for (size_t i = 0; i < s->n_slots; i++) {
        struct push *push = s->slots[i]->push;

        if (push && coro_waitgroup_spawn(&group, CORO_STACK_SMALL, stop_one, push))
            push_stop(push);
    }
    ignored(coro_waitgroup_wait(&group));
    push_clients_free(s->clients);
    s->clients = NULL;
    loop_stop(s->loop);
}

static void on_drain(struct loop *l UNUSED, struct message *m)
{
    struct sinks *s = container_of(m, struct sinks, drain);

    for (size_t i = 0; i < s->n_slots; i++) {
        if (s->slots[i]->push)
            push_drain(s->slots[i]->push);
    }
}

static void on_close(struct loop *l, struct message *m)
{
    struct sinks *s = container_of(m, struct sinks, close);

    if (coro_spawn(l, CORO_STACK_SMALL, run_close, s, NULL))
        loop_stop(l);
}

static int with_loop(struct sinks *s)
{
    TRY(loop_new(NULL, &s->loop));
    int r = coro_spawn(s->loop, CORO_STACK_MEDIUM, run_start, s, NULL);

    if (r == 0)
        r = loop_run(s->loop);
    /* Who told it to end may still be about to wake it. */
    pthread_mutex_lock(&s->shared.lock);
    pthread_mutex_unlock(&s->shared.lock);
    loop_free(s->loop);
    return r;
}

static void *thread_main(void *arg)
{
    struct sinks *s = arg;
    int r = with_loop(s);

    if (r)
        tell(s, r);
    return NULL;
}

static int start_thread(struct sinks *s)
{
    s->drain.fn = on_drain;
    s->close.fn = on_close;
    int error = pthread_create(&s->thread, NULL, thread_main, s);

    if (error)
        return fault(-error, "no thread can be made for outputs");
    s->has_thread = true;
    pthread_mutex_lock(&s->shared.lock);
    while (!s->shared.is_up)
        pthread_cond_wait(&s->shared.changed, &s->shared.lock);
    pthread_mutex_unlock(&s->shared.lock);
    if (s->shared.result)
        return fault(s->shared.result, "%s", s->shared.text);
    return 0;
}

int sinks_open(struct sinks *s, struct snapshot *snapshot)
{
    for (size_t i = 0; i < s->n_slots; i++)
        TRY(open_slot(s->slots[i], snapshot));
    if (pushes(s))
        TRY(start_thread(s));
    return 0;
}

void sinks_close(struct sinks *s)
{
    if (!s->has_thread)
        return;
    pthread_mutex_lock(&s->shared.lock);
    loop_post(s->loop, &s->close);
    pthread_mutex_unlock(&s->shared.lock);
    pthread_join(s->thread, NULL);
    s->has_thread = false;
}

/* ---- feeding ---- */

size_t sinks_count(const struct sinks *s)
{
    return s->n_slots;
}

bool sinks_want_samples(const struct sinks *s)
{
    for (size_t i = 0; i < s->n_slots; i++) {
        if (s->slots[i]->sink && s->slots[i]->sink->ops->samples)
            return true;
    }
    return false;
}

void sinks_samples(void *sinks, const struct sink_sample *samples, size_t n)
{
    struct sinks *s = sinks;

    for (size_t i = 0; i < s->n_slots; i++) {
        struct sink *sink = s->slots[i]->sink;

        if (sink->ops->samples)
            sink->ops->samples(sink, samples, n);
    }
}

void sinks_lose_samples(struct sinks *s, uint64_t n)
{
    s->n_lost = n;
}

void sinks_tick(struct sinks *s, const struct sink_tick *tick)
{
    for (size_t i = 0; i < s->n_feeds; i++)
        vocab_feed_tick(s->feeds[i], tick->facts);
    for (size_t i = 0; i < s->n_slots; i++) {
        struct sink *sink = s->slots[i]->sink;

        if (sink->ops->tick && !(s->is_replay && sink->ops->point))
            sink->ops->tick(sink, tick);
    }
}

void sinks_point(struct sinks *s, const struct point *p)
{
    s->is_replay = true;
    for (size_t i = 0; i < s->n_slots; i++) {
        struct sink *sink = s->slots[i]->sink;

        if (sink->ops->point)
            sink->ops->point(sink, p);
    }
}

void sinks_drain(struct sinks *s)
{
    for (size_t i = 0; i < s->n_slots; i++) {
        struct sink *sink = s->slots[i]->sink;

        if (sink->ops->finish && sink->ops->finish(sink)) {
            sink->failed = true;
            host_say(s, PUSH_SAY_WARNING, fault_text());
        }
    }
    if (s->has_thread)
        loop_post(s->loop, &s->drain);
}

uint64_t sinks_left(const struct sinks *s)
{
    uint64_t left = 0;

    for (size_t i = 0; i < s->n_slots; i++) {
        struct sink_account a;

        if (!s->slots[i]->push || push_is_drained(s->slots[i]->push))
            continue;
        push_account(s->slots[i]->push, &a);
        left += a.queued + a.spooled;
    }
    return left;
}

/* ---- accounts ---- */

void sinks_status(struct sinks *s, size_t index, struct sinks_status *ret)
{
    const struct slot *slot = s->slots[index];

    *ret = (struct sinks_status){.label = slot->label, .kind = slot->class->name};
    if (!slot->sink)
        return;
    ret->listen = slot->sink->listen;
    if (slot->push) {
        push_account(slot->push, &ret->account);
    } else if (slot->sink->ops->account) {
        slot->sink->ops->account(slot->sink, &ret->account);
    }
    if (slot->sink->ops->samples) {
        ret->account.produced += s->n_lost;
        ret->account.dropped += s->n_lost;
    }
    ret->incomplete = slot->sink->failed || ret->account.dropped || ret->account.spooled;
}

size_t sinks_causes(const struct sinks *s, size_t index, const char **ret_text,
                    uint64_t *ret_points, size_t max)
{
    const struct push *push = s->slots[index]->push;

    return push ? push_causes(push, ret_text, ret_points, max) : 0;
}

bool sinks_request(struct sinks *s, size_t index, struct str path, struct str accept,
                   struct buf *ret_body, const char **ret_type)
{
    struct sink *sink = s->slots[index]->sink;

    return sink && sink->ops->request && sink->ops->request(sink, path, accept, ret_body, ret_type);
}
