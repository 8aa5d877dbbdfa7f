/*
 * A few services that call each other: a gateway in front of users, orders, inventory and payments.
 * Each has a cache, workers, a pool of database connections and, at its callers, a circuit breaker;
 * nothing of it is there but the time it takes. A service that more requests are inside of than it
 * has workers takes longer. Failures are drawn, and of each PERIOD calls the last few fail in a
 * row: that is what opens the circuits.
 */
#include <string.h>

#include "base/mem.h"
#include "loop/loop.h"
#include "target/target_model.h"
#include "target/target_priv.h"

enum {
    PERIOD = 250,   /* calls of a service, of which the last INCIDENT fail */
    INCIDENT = 9,   /* more than THRESHOLD, so that the first trials of an open circuit fail too */
    THRESHOLD = 5,  /* failures in a row that open a circuit */
    PAUSE_MS = 500, /* of an open circuit */
    POOL = 20,      /* database connections of a service */
    RETRIES_MAX = 2,
};

static const struct service {
    const char *name;
    unsigned n_workers;
    unsigned cache_percent;  /* calls that need no database */
    unsigned failed_percent; /* unless ?errors= says otherwise */
    bool has_incidents;
    int64_t work_min_ms, work_max_ms;
    int64_t db_min_ms, db_max_ms;
} services[] = {
    {"users", 8, 85, 0, false, 2, 6, 3, 12},
    {"orders", 8, 40, 1, false, 4, 12, 8, 30},
    {"inventory", 8, 70, 0, false, 2, 8, 4, 15},
    {"payments", 4, 0, 2, true, 15, 45, 5, 15},
};

struct standing {
    struct breaker breaker;
    unsigned n_inside;
    uint64_t n_calls, n_cached, n_failed, n_spared;
};

struct target_services {
    pthread_mutex_t lock;
    struct standing all[countof(services)];
};

struct target_services *target_services_new(void)
{
    struct target_services *s = xnew(struct target_services);

    pthread_mutex_init(&s->lock, NULL);
    return s;
}

void target_services_free(struct target_services *s)
{
    if (!s)
        return;
    pthread_mutex_destroy(&s->lock);
    free(s);
}

/* How a call of a service went. */
struct call {
    const struct service *service;
    bool is_ok, is_spared, is_cached;
    bool has_opened; /* the circuit, by failing */
    enum circuit circuit;
    unsigned n_retries, n_busy, n_queued, n_pool;
    double ms, db_ms;
};

static span_ns pause_of(const struct exchange *x)
{
    return (span_ns)(PAUSE_MS * NS_PER_MS * x->worker->target->options.slowness);
}

/* Draws what an attempt will be like, and enters the service; false when its circuit is open. */
static bool enter(struct exchange *x, struct call *call, struct rng *r)
{
    const struct service *s = call->service;
    struct target_services *all = x->worker->target->services;
    struct standing *st = &all->all[s - services];
    double work = (double)rng_between(r, s->work_min_ms, s->work_max_ms);
    double db = (double)rng_between(r, s->db_min_ms, s->db_max_ms);
    bool is_failed = draw_percent(r, exchange_arg_u64(x, "errors", s->failed_percent, 100));
    bool is_cached = draw_percent(r, s->cache_percent);

    pthread_mutex_lock(&all->lock);
    bool enters = breaker_allows(&st->breaker, loop_now(x->worker->loop), pause_of(x));

    call->circuit = st->breaker.state;
    if (enters) {
        uint64_t nth = st->n_calls++ % PERIOD;
        unsigned n_inside = ++st->n_inside;

        call->is_ok = !is_failed && !(s->has_incidents && nth >= PERIOD - INCIDENT);
        call->is_cached = is_cached;
        call->db_ms = is_cached ? 0 : db;
        call->n_queued = n_inside > s->n_workers ? n_inside - s->n_workers : 0;
        call->n_busy = n_inside - call->n_queued;
        call->n_pool = n_inside < POOL ? n_inside : POOL;
        call->ms += (work + call->db_ms) * (1 + (double)call->n_queued / s->n_workers);
        st->n_cached += is_cached;
        st->n_failed += !call->is_ok;
    } else {
        st->n_spared++;
    }
    pthread_mutex_unlock(&all->lock);
    return enters;
}

static void leave(struct exchange *x, struct call *call)
{
    struct target_services *all = x->worker->target->services;
    struct standing *st = &all->all[call->service - services];

    pthread_mutex_lock(&all->lock);
    uint64_t n_openings = st->breaker.n_openings;

    st->n_inside--;
    breaker_report(&st->breaker, call->is_ok, THRESHOLD, loop_now(x->worker->loop), pause_of(x));
    call->circuit = st->breaker.state;
    call->has_opened |= st->breaker.n_openings > n_openings;
    pthread_mutex_unlock(&all->lock);
}

/* Calls a service, again when that fails; false when the target is ending. */
static bool call_service(struct exchange *x, struct call *call, struct rng *r)
{
    for (unsigned attempt = 0; attempt <= RETRIES_MAX; attempt++) {
        double before = call->ms;

        call->n_retries = attempt;
        call->is_spared = !enter(x, call, r);
        if (call->is_spared)
            return true;
        bool goes_on = exchange_work(x, call->ms - before);

        leave(x, call);
        if (!goes_on)
            return false;
        if (call->is_ok)
            return true;
    }
    return true;
}

/* ---- answers ---- */

static const char *state_of(const struct call *call)
{
    if (call->is_spared)
        return "unavailable";
    return call->is_ok ? "ok" : "failed";
}

static void put_call(struct json_out *j, const struct call *call)
{
    json_key(j, "service");
    json_put_cstr(j, call->service->name);
    json_key(j, "status");
    json_put_cstr(j, state_of(call));
    json_key(j, "external_service_time_ms");
    json_put_f64(j, call->ms);
    json_key(j, "db_query_time_ms");
    json_put_f64(j, call->db_ms);
    json_key(j, "cache_hit");
    json_put_bool(j, call->is_cached);
    json_key(j, "queue_depth");
    json_put_int(j, call->n_queued);
    json_key(j, "workers");
    json_open_object(j);
    json_key(j, "busy");
    json_put_int(j, call->n_busy);
    json_key(j, "size");
    json_put_int(j, call->service->n_workers);
    json_close(j);
    json_key(j, "db_pool");
    json_open_object(j);
    json_key(j, "in_use");
    json_put_int(j, call->n_pool);
    json_key(j, "size");
    json_put_int(j, POOL);
    json_close(j);
    json_key(j, "retries");
    json_put_int(j, call->n_retries);
    json_key(j, "circuit");
    json_put_cstr(j, circuit_name(call->circuit));
    json_key(j, "circuit_opened");
    json_put_bool(j, call->has_opened);
}

/* 503 with Retry-After for an open circuit, 502 for what failed. */
static int status_of(struct exchange *x, const struct call *call)
{
    if (call->is_spared)
        answer_header(x, "Retry-After", STR("1"));
    if (call->is_spared)
        return 503;
    return call->is_ok ? 200 : 502;
}

static const struct service *named(struct exchange *x)
{
    struct str name = exchange_param(x, 0);

    for (size_t i = 0; i < countof(services); i++) {
        if (str_is(name, services[i].name))
            return &services[i];
    }
    answer_error(x, 404, "no such service: users, orders, inventory, payments or gateway");
    return NULL;
}

void service_call(struct exchange *x)
{
    struct call call = {.service = named(x)};

    if (!call.service)
        return;
    struct rng r = exchange_draw(x, DRAW_SERVICE);

    if (!call_service(x, &call, &r))
        return;
    x->status = status_of(x, &call);
    struct json_out j = answer_json(x);

    json_open_object(&j);
    put_call(&j, &call);
    json_close(&j);
}

/* Calls all of them, one after the other; the answer is as bad as the worst call. */
void service_gateway(struct exchange *x)
{
    struct call calls[countof(services)] = {0};
    struct rng r = exchange_draw(x, DRAW_SERVICE);

    for (size_t i = 0; i < countof(services); i++) {
        calls[i].service = &services[i];
        if (!call_service(x, &calls[i], &r))
            return;
    }
    for (size_t i = 0; i < countof(services) && x->status == 200; i++)
        x->status = status_of(x, &calls[i]);
    struct json_out j = answer_json(x);

    json_open_object(&j);
    json_key(&j, "service");
    json_put_cstr(&j, "gateway");
    json_key(&j, "status");
    json_put_cstr(&j, x->status == 200 ? "ok" : "degraded");
    json_key(&j, "dependencies");
    json_open_array(&j);
    for (size_t i = 0; i < countof(services); i++) {
        json_open_object(&j);
        put_call(&j, &calls[i]);
        json_close(&j);
    }
    json_close(&j);
    json_close(&j);
}

/* ---- how they are ---- */

static bool is_up(const struct standing *st)
{
    return st->breaker.state == CIRCUIT_CLOSED;
}

void service_health(struct exchange *x)
{
    struct target_services *all = x->worker->target->services;
    const struct service *s = named(x);

    if (!s)
        return;
    pthread_mutex_lock(&all->lock);
    struct standing st = all->all[s - services];

    pthread_mutex_unlock(&all->lock);
    x->status = is_up(&st) ? 200 : 503;
    struct json_out j = answer_json(x);

    json_open_object(&j);
    json_key(&j, "status");
    json_put_cstr(&j, is_up(&st) ? "up" : "down");
    json_key(&j, "circuit");
    json_put_cstr(&j, circuit_name(st.breaker.state));
    json_close(&j);
}

void services_health(struct exchange *x)
{
    struct target_services *all = x->worker->target->services;
    struct json_out j = answer_json(x);

    pthread_mutex_lock(&all->lock);
    json_open_object(&j);
    for (size_t i = 0; i < countof(services); i++) {
        json_key(&j, services[i].name);
        json_put_cstr(&j, is_up(&all->all[i]) ? "up" : "down");
    }
    json_close(&j);
    pthread_mutex_unlock(&all->lock);
}

void services_stats(struct exchange *x)
{
    struct target_services *all = x->worker->target->services;
    struct json_out j = answer_json(x);

    pthread_mutex_lock(&all->lock);
    json_open_object(&j);
    for (size_t i = 0; i < countof(services); i++) {
        const struct standing *st = &all->all[i];

        json_key(&j, services[i].name);
        json_open_object(&j);
        json_key(&j, "calls");
        json_put_u64(&j, st->n_calls);
        json_key(&j, "cached");
        json_put_u64(&j, st->n_cached);
        json_key(&j, "failed");
        json_put_u64(&j, st->n_failed);
        json_key(&j, "spared");
        json_put_u64(&j, st->n_spared);
        json_key(&j, "circuit_openings");
        json_put_u64(&j, st->breaker.n_openings);
        json_close(&j);
    }
    json_close(&j);
    pthread_mutex_unlock(&all->lock);
}
