#include "cli/run_facts.h"

#include "plan/scenario.h"
#include "run/run.h"
#include "vocab/vocab.h"

/* The stage that is under way: whether it leads up, down or neither. */
static enum vocab_phase phase_of_stages(const struct plan_scenario *s, span_ns elapsed)
{
    int64_t level = s->executor == PLAN_RAMPING_VUS ? s->start_vus : s->start_rate;
    span_ns end = 0;

    for (size_t i = 0; i < s->stages.n; i++) {
        const struct plan_stage *stage = &s->stages.items[i];

        end += stage->duration;
        if (elapsed < end && stage->target != level)
            return stage->target > level ? VOCAB_PHASE_RAMP_UP : VOCAB_PHASE_RAMP_DOWN;
        if (elapsed < end)
            break;
        level = stage->target;
    }
    return VOCAB_PHASE_STEADY;
}

/* Of several scenarios the liveliest counts: one that rises, else one that falls. */
static enum vocab_phase livelier(enum vocab_phase a, enum vocab_phase b)
{
    static const int rank[] = {
        [VOCAB_PHASE_DONE] = 0,      [VOCAB_PHASE_WAITING] = 1, [VOCAB_PHASE_STEADY] = 2,
        [VOCAB_PHASE_RAMP_DOWN] = 3, [VOCAB_PHASE_RAMP_UP] = 4,
    };

    return rank[a] > rank[b] ? a : b;
}

static enum vocab_phase phase_of(const struct run_part *part)
{
    switch (part->state) {
    case RUN_PART_WAITING:
        return VOCAB_PHASE_WAITING;
    case RUN_PART_RUNNING:
        return phase_of_stages(part->scenario, part->elapsed);
    case RUN_PART_DONE:
    case RUN_PART_INTERRUPTED:
        break;
    }
    return VOCAB_PHASE_DONE;
}

void run_facts(struct run *run, struct vocab_facts *ret)
{
    size_t n = run_n_parts(run);
    struct run_exceptions exceptions;
    struct run_totals totals;
    bool has_rate = false;

    run_totals(run, &totals);
    run_exceptions(run, &exceptions);
    *ret = (struct vocab_facts){
        .started = run_started(run),
        .now = clock_wall(),
        .elapsed = run_elapsed(run),
        .vus = totals.vus_active,
        .vus_max = totals.vus_initialized,
        .in_flight = totals.in_flight,
        .n_loops = totals.n_loops,
        .phase = VOCAB_PHASE_DONE,
        .exceptions = exceptions.items,
        .n_exceptions = exceptions.n,
    };
    for (size_t i = 0; i < n; i++) {
        struct run_part part;

        run_part(run, i, &part);
        has_rate |= part.scenario->open_model;
        if (part.scenario->open_model && part.state == RUN_PART_RUNNING)
            ret->target_rate += part.rate;
        ret->phase = livelier(ret->phase, phase_of(&part));
        if (ret->n_parts < VOCAB_PARTS_MAX)
            ret->parts[ret->n_parts++] = (struct vocab_part){
                .scenario = str_of(part.scenario->name),
                .vus = part.vus_active,
                .running = part.state == RUN_PART_RUNNING,
            };
    }
    if (!has_rate)
        ret->target_rate = -1;
    if (run_stage(run) == RUN_OVER) {
        ret->phase = VOCAB_PHASE_DONE;
    } else if (run_stage(run) < RUN_SCENARIOS) {
        ret->phase = VOCAB_PHASE_WAITING;
    }
}
