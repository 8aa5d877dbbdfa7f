#pragma once
/*
 * Which of a test's numbered things - users, iterations, arrivals - one execution segment has. They
 * are dealt out in a cycle, so that any number of them is split as evenly as whole numbers allow,
 * each belongs to exactly one segment, and every segment can compute this alone.
 */
#include <stdint.h>

#include "base/err.h"

struct arena;
struct plan_segment;
struct plan_sequence;

/* NULL stands for the whole test. Immutable, in an arena. */
struct plan_share {
    uint64_t cycle;        /* things dealt before it begins again */
    const uint32_t *owner; /* of each thing of a cycle: the number of its segment */
    uint32_t self;         /* ours */
    uint32_t n_segments;
    uint64_t n_own; /* of a cycle */
    const uint32_t *own;
};

/*
 * The share of a segment. Segments before and after it are those of the sequence (which must have
 * it; may be empty), else one before and one after. *ret_share is NULL for the whole. Returns 0 or
 * -EINVAL with fault text.
 */
MUST_USE int plan_share_new(struct arena *arena, const struct plan_segment *segment,
                            const struct plan_sequence *sequence,
                            const struct plan_share **ret_share);

/*
 * How work is dealt that n users do together: in proportion to the users each segment has of them,
 * which rounding makes different from the segments' lengths. Those without a user get none. NULL
 * when this segment has none; `share` is not NULL.
 */
const struct plan_share *plan_share_by_users(struct arena *arena, const struct plan_share *share,
                                             int64_t n);

/* How many of the first n things are ours. */
int64_t plan_share_of(const struct plan_share *share, int64_t n);

/* The number, in the whole test, of our index-th thing; both from 0. */
uint64_t plan_share_nth(const struct plan_share *share, uint64_t index);
