/*
 * A small cloud that bills by use: each endpoint takes some time and memory, which cost something a
 * gigabyte-second, and a fee a request; instances are added and removed as the rate of requests
 * asks for. Money is counted in millionths of a dollar, in whole numbers, so that a bill is exact.
 */
#include <math.h>

#include "base/mem.h"
#include "loop/loop.h"
#include "target/target_model.h"
#include "target/target_priv.h"

enum {
    FEE_MICRO_USD = 2,          /* a request */
    GB_SECOND_MICRO_USD = 60,   /* a gigabyte-second of memory, off-peak */
    PEAK_PERCENT = 150,         /* of that, at peak times */
    INSTANCE_MICRO_USD = 85000, /* an instance an hour */
    INSTANCE_PER_S = 10,        /* requests that one can serve */
    INSTANCES_MAX = 50,
    MEMORY_S = 3, /* of the autoscaler */
};

static const struct endpoint {
    const char *name;
    int64_t memory_mb;
    int64_t min_ms, max_ms;
} endpoints[] = {
    {"thumbnail", 512, 10, 40},
    {"search", 1024, 20, 60},
    {"report", 2048, 60, 180},
    {"export", 4096, 120, 400},
};

enum period {
    OFF_PEAK,
    PEAK,
    N_PERIODS,
};

static const char *const periods[] = {"off-peak", "peak"};

struct target_cloud {
    pthread_mutex_t lock;
    struct meter meter;
    double per_s;       /* requests, of late */
    unsigned instances; /* 0: nobody has asked for anything */
    struct {
        uint64_t requests;
        int64_t micro_usd;
    } bills[countof(endpoints)][N_PERIODS];
};

struct target_cloud *target_cloud_new(void)
{
    struct target_cloud *cloud = xnew(struct target_cloud);

    pthread_mutex_init(&cloud->lock, NULL);
    return cloud;
}

void target_cloud_free(struct target_cloud *cloud)
{
    if (!cloud)
        return;
    pthread_mutex_destroy(&cloud->lock);
    free(cloud);
}

static double usd(int64_t micro_usd)
{
    return (double)micro_usd / 1e6;
}

/* Rounded up: nobody bills a fraction downwards. */
static int64_t cost_of(const struct endpoint *e, int64_t ms, enum period period)
{
    int64_t price = GB_SECOND_MICRO_USD * (period == PEAK ? PEAK_PERCENT : 100) / 100;
    int64_t parts = e->memory_mb * ms * price;

    return FEE_MICRO_USD + (parts + 1024 * 1000 - 1) / (1024 * 1000);
}

/* ---- prices ---- */

void make_cloud_prices(struct buf *body)
{
    struct json_out j = JSON_OUT(body, 0);

    json_open_object(&j);
    json_key(&j, "currency");
    json_put_cstr(&j, "USD");
    json_key(&j, "per_request");
    json_put_f64(&j, usd(FEE_MICRO_USD));
    json_key(&j, "per_gb_second");
    json_put_f64(&j, usd(GB_SECOND_MICRO_USD));
    json_key(&j, "peak_factor");
    json_put_f64(&j, PEAK_PERCENT / 100.0);
    json_key(&j, "per_instance_hour");
    json_put_f64(&j, usd(INSTANCE_MICRO_USD));
    json_key(&j, "endpoints");
    json_open_object(&j);
    for (size_t i = 0; i < countof(endpoints); i++) {
        json_key(&j, endpoints[i].name);
        json_open_object(&j);
        json_key(&j, "memory_mb");
        json_put_int(&j, endpoints[i].memory_mb);
        json_close(&j);
    }
    json_close(&j);
    json_close(&j);
}

/* ---- work ---- */

static const struct endpoint *named(struct exchange *x)
{
    struct str name = exchange_param(x, 0);

    for (size_t i = 0; i < countof(endpoints); i++) {
        if (str_is(name, endpoints[i].name))
            return &endpoints[i];
    }
    answer_error(x, 404, "no such endpoint: thumbnail, search, report or export");
    return NULL;
}

static bool take_period(struct exchange *x, enum period *ret_period)
{
    struct str text = exchange_arg(x, "period");

    for (enum period p = OFF_PEAK; p < N_PERIODS; p++) {
        if (str_is(text.p ? text : str_of(periods[OFF_PEAK]), periods[p])) {
            *ret_period = p;
            return true;
        }
    }
    answer_error(x, 400, "period must be peak or off-peak");
    return false;
}

/* Under the lock: as many instances as the rate wants, at once. */
static void scale(struct target_cloud *cloud, mono_ns now)
{
    cloud->per_s = meter_count(&cloud->meter, now, MEMORY_S * NS_PER_S);
    double wanted = ceil(cloud->per_s / INSTANCE_PER_S);

    cloud->instances = wanted < INSTANCES_MAX ? (unsigned)wanted : INSTANCES_MAX;
}

static void put_scale(struct json_out *j, double per_s, unsigned instances)
{
    double capacity = (double)instances * INSTANCE_PER_S;
    double load = instances ? per_s / capacity : 0;

    json_key(j, "instances");
    json_put_int(j, instances);
    json_key(j, "cpu_utilization");
    json_put_f64(j, load < 1 ? load : 1);
    json_key(j, "requests_per_instance");
    json_put_f64(j, instances ? per_s / instances : 0);
    json_key(j, "hourly_cost_usd");
    json_put_f64(j, usd((int64_t)instances * INSTANCE_MICRO_USD));
}

void cloud_run(struct exchange *x)
{
    struct target_cloud *cloud = x->worker->target->cloud;
    const struct endpoint *e = named(x);
    enum period period;

    if (!e || !take_period(x, &period))
        return;
    struct rng r = exchange_draw(x, DRAW_CLOUD);
    int64_t ms = rng_between(&r, e->min_ms, e->max_ms);
    int64_t cost = cost_of(e, ms, period);

    if (!exchange_work(x, (double)ms))
        return;
    pthread_mutex_lock(&cloud->lock);
    scale(cloud, loop_now(x->worker->loop));
    cloud->bills[e - endpoints][period].requests++;
    cloud->bills[e - endpoints][period].micro_usd += cost;
    double per_s = cloud->per_s;
    unsigned instances = cloud->instances;

    pthread_mutex_unlock(&cloud->lock);
    struct json_out j = answer_json(x);

    json_open_object(&j);
    json_key(&j, "endpoint");
    json_put_cstr(&j, e->name);
    json_key(&j, "period");
    json_put_cstr(&j, periods[period]);
    json_key(&j, "compute_ms");
    json_put_int(&j, ms);
    json_key(&j, "gb_seconds");
    json_put_f64(&j, (double)(e->memory_mb * ms) / (1024 * 1000));
    json_key(&j, "cost_usd");
    json_put_f64(&j, usd(cost));
    put_scale(&j, per_s, instances);
    json_close(&j);
}

/* ---- what it comes to ---- */

void cloud_usage(struct exchange *x)
{
    struct target_cloud *cloud = x->worker->target->cloud;
    struct json_out j = answer_json(x);

    pthread_mutex_lock(&cloud->lock);
    json_open_object(&j);
    json_key(&j, "requests_per_s");
    json_put_f64(&j, cloud->per_s);
    put_scale(&j, cloud->per_s, cloud->instances);
    json_close(&j);
    pthread_mutex_unlock(&cloud->lock);
}

void cloud_bill(struct exchange *x)
{
    struct target_cloud *cloud = x->worker->target->cloud;
    struct json_out j = answer_json(x);
    int64_t total = 0;

    pthread_mutex_lock(&cloud->lock);
    json_open_object(&j);
    json_key(&j, "items");
    json_open_array(&j);
    for (size_t i = 0; i < countof(endpoints); i++) {
        for (enum period p = OFF_PEAK; p < N_PERIODS; p++) {
            json_open_object(&j);
            json_key(&j, "endpoint");
            json_put_cstr(&j, endpoints[i].name);
            json_key(&j, "period");
            json_put_cstr(&j, periods[p]);
            json_key(&j, "requests");
            json_put_u64(&j, cloud->bills[i][p].requests);
            json_key(&j, "micro_usd");
            json_put_int(&j, cloud->bills[i][p].micro_usd);
            json_close(&j);
            total += cloud->bills[i][p].micro_usd;
        }
    }
    json_close(&j);
    json_key(&j, "micro_usd");
    json_put_int(&j, total);
    json_close(&j);
    pthread_mutex_unlock(&cloud->lock);
}
