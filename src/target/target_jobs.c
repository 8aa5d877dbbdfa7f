/*
 * The job queue of the toy API: one worker, one job at a time, in order. Nothing really works in
 * the background: when a job is accepted, its whole course is known (it starts when the one before
 * it ends), and its state is read off the clock.
 */
#include <string.h>

#include "base/mem.h"
#include "proto/http1/http1.h"
#include "target/target_priv.h"

enum {
    JOBS_MAX = 16384, /* a ring: older ones are forgotten */
    FAILURE_PERCENT = 10,
    ID_DIGITS = 16,
};

static const struct {
    const char *name;
    int64_t min_ms, max_ms;
} modes[] = {
    /* The original computes 8 and 3 million square roots, about 60 and 25 ms. */
    {"cpu", 60, 60},
    {"io", 400, 2900},
    {"mixed", 325, 2325},
};

struct job {
    uint64_t id;
    unsigned mode;
    wall_ns created, started, finished;
    bool fails;
};

struct target_jobs {
    pthread_mutex_t lock;
    struct rng rng;
    uint64_t seed;
    double slowness;
    wall_ns free_at;     /* when the worker has done all it has */
    uint64_t n_accepted; /* job n is in jobs[n % JOBS_MAX] */
    struct job jobs[JOBS_MAX];
};

struct target_jobs *target_jobs_new(uint64_t seed, double slowness)
{
    struct target_jobs *jobs = xnew(struct target_jobs);

    pthread_mutex_init(&jobs->lock, NULL);
    rng_seed_nth(&jobs->rng, seed, UINT64_MAX);
    jobs->seed = seed;
    jobs->slowness = slowness;
    return jobs;
}

void target_jobs_free(struct target_jobs *jobs)
{
    if (!jobs)
        return;
    pthread_mutex_destroy(&jobs->lock);
    free(jobs);
}

/* Job numbers and ids are one to one, by an odd multiplier modulo 2^64 and its inverse. */
#define ID_FACTOR  0x9e3779b97f4a7c15U
#define ID_INVERSE 0xf1de83e19937733dU

static uint64_t id_of(const struct target_jobs *jobs, uint64_t number)
{
    return (number + jobs->seed) * ID_FACTOR;
}

static uint64_t number_of(const struct target_jobs *jobs, uint64_t id)
{
    return id * ID_INVERSE - jobs->seed;
}

static struct job accept_job(struct target_jobs *jobs, unsigned mode, wall_ns now)
{
    pthread_mutex_lock(&jobs->lock);
    uint64_t number = jobs->n_accepted++;
    int64_t ms = rng_between(&jobs->rng, modes[mode].min_ms, modes[mode].max_ms);
    struct job job = {.id = id_of(jobs, number), .mode = mode, .created = now};

    job.started = jobs->free_at > now ? jobs->free_at : now;
    job.finished = job.started + (span_ns)((double)(ms * NS_PER_MS) * jobs->slowness);
    job.fails = rng_below(&jobs->rng, 100) < FAILURE_PERCENT;
    jobs->free_at = job.finished;
    jobs->jobs[number % JOBS_MAX] = job;
    pthread_mutex_unlock(&jobs->lock);
    return job;
}

static bool find_job(struct target_jobs *jobs, uint64_t id, struct job *ret_job)
{
    uint64_t number = number_of(jobs, id);

    pthread_mutex_lock(&jobs->lock);
    bool is_known = number < jobs->n_accepted && jobs->n_accepted - number <= JOBS_MAX;

    if (is_known)
        *ret_job = jobs->jobs[number % JOBS_MAX];
    pthread_mutex_unlock(&jobs->lock);
    return is_known;
}

static const char *status_of(const struct job *job, wall_ns now)
{
    if (now < job->started)
        return "queued";
    if (now < job->finished)
        return "processing";
    return job->fails ? "failed" : "done";
}

static void put_id(struct json_out *j, const char *key, uint64_t id)
{
    char text[ID_DIGITS + 1];

    snprintf(text, sizeof(text), "%016lx", (unsigned long)id);
    json_key(j, key);
    json_put_cstr(j, text);
}

/*
 * The mode named in a JSON body {"mode": "..."}. Looking for the quoted word is enough: nothing
 * else that this route is sent has one.
 */
static unsigned mode_of(struct str body)
{
    unsigned mixed = countof(modes) - 1;

    for (unsigned i = 0; i < countof(modes); i++) {
        char quoted[16];
        int n = snprintf(quoted, sizeof(quoted), "\"%s\"", modes[i].name);

        if (str_find_str(body, str_from(quoted, (size_t)n)) < body.n)
            return i;
    }
    return mixed;
}

void toy_job_post(struct exchange *x)
{
    wall_ns now = worker_wall(x->worker);
    struct job job = accept_job(x->worker->target->jobs, mode_of(x->body), now);
    struct json_out j = answer_json(x);

    x->status = 202;
    json_open_object(&j);
    json_key(&j, "accepted");
    json_put_bool(&j, true);
    put_id(&j, "jobId", job.id);
    json_key(&j, "mode");
    json_put_cstr(&j, modes[job.mode].name);
    json_key(&j, "status");
    json_put_cstr(&j, status_of(&job, now));
    json_close(&j);
}

static void put_time(struct json_out *j, const char *key, wall_ns at)
{
    json_key(j, key);
    json_put_int(j, at / NS_PER_MS);
}

static void put_result(struct json_out *j, const struct job *job)
{
    json_key(j, "result");
    json_open_object(j);
    json_key(j, job->fails ? "error" : "ok");
    if (job->fails) {
        json_put_cstr(j, "Random worker failure");
    } else {
        json_put_bool(j, true);
    }
    json_close(j);
}

static void put_job(struct json_out *j, const struct job *job, wall_ns now)
{
    json_open_object(j);
    put_id(j, "id", job->id);
    json_key(j, "status");
    json_put_cstr(j, status_of(job, now));
    json_key(j, "mode");
    json_put_cstr(j, modes[job->mode].name);
    put_time(j, "createdAt", job->created);
    if (now >= job->started)
        put_time(j, "startedAt", job->started);
    if (now >= job->finished) {
        put_time(j, "finishedAt", job->finished);
        put_result(j, job);
    }
    json_close(j);
}

static bool parse_id(struct str text, uint64_t *ret_id)
{
    uint64_t id = 0;

    if (text.n != ID_DIGITS)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        int digit = ascii_hex(text.p[i]);

        if (digit < 0)
            return false;
        id = id << 4 | (unsigned)digit;
    }
    *ret_id = id;
    return true;
}

void toy_job_get(struct exchange *x)
{
    struct job job;
    uint64_t id;

    if (!parse_id(x->params[0], &id) || !find_job(x->worker->target->jobs, id, &job)) {
        answer_error(x, 404, "Job not found");
        return;
    }
    struct json_out j = answer_json(x);

    put_job(&j, &job, worker_wall(x->worker));
}
