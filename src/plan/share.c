/*
 * Dealing things out to segments, as k6 does it, so that its segments and ours can be mixed: with L
 * the least common denominator of all segments' lengths, a segment of length n/L gets n things of
 * every L. The longest segments choose first: thing s goes to the first one that has fewer than
 * s·n/L of them.
 */
#include "plan/share.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "plan/options_priv.h"

/* Longest cycle: what is finer than a hundred thousandth was a slip of the hand. */
#define CYCLE_MAX INT64_C(100000)

/* With more users than that, rounding makes no difference that matters. */
#define USERS_CYCLE_MAX 1000000U

/* ---- dealing ---- */

struct hand {
    uint32_t segment;
    uint64_t n; /* of each cycle */
    uint64_t has;
};

static int longest_first(const void *a, const void *b)
{
    const struct hand *x = a, *y = b;

    if (x->n != y->n)
        return x->n > y->n ? -1 : 1;
    return x->segment < y->segment ? -1 : 1;
}

/* Deals one cycle of `cycle` things; counts[i] of them go to segment i, and add up to it. */
static const struct plan_share *deal(struct arena *arena, const uint64_t *counts,
                                     uint32_t n_segments, uint64_t cycle, uint32_t self)
{
    struct plan_share *share = arena_new(arena, struct plan_share);
    uint32_t *owner = arena_new_n(arena, uint32_t, cycle);
    uint32_t *own = arena_new_n(arena, uint32_t, counts[self]);
    scoped(freep) struct hand *hands = xnew_n(struct hand, n_segments);

    for (uint32_t i = 0; i < n_segments; i++)
        hands[i] = (struct hand){.segment = i, .n = counts[i]};
    qsort(hands, n_segments, sizeof(*hands), longest_first);
    *share = (struct plan_share){
        .cycle = cycle, .owner = owner, .self = self, .n_segments = n_segments, .own = own};
    for (uint64_t thing = 0; thing < cycle; thing++) {
        struct hand *h = hands;

        while (h->has >= h->n || thing * h->n < h->has * cycle)
            h++;
        h->has++;
        owner[thing] = h->segment;
        if (h->segment == self)
            own[share->n_own++] = (uint32_t)thing;
    }
    return share;
}

/* ---- segments ---- */

/* Borders of all segments, ours among them; b[self] is where ours begins. */
struct borders {
    struct plan_fraction *b;
    size_t n;
    uint32_t self;
};

static bool is_same(struct plan_fraction a, struct plan_fraction b)
{
    return a.num * b.den == b.num * a.den;
}

static void add_border(struct borders *all, struct plan_fraction f)
{
    if (!all->n || !is_same(all->b[all->n - 1], f))
        all->b[all->n++] = f;
}

static int find_borders(struct arena *arena, const struct plan_segment *segment,
                        const struct plan_sequence *sequence, struct borders *all)
{
    all->b = arena_new_n(arena, struct plan_fraction, sequence->n + 4);
    add_border(all, (struct plan_fraction){0, 1});
    for (size_t i = 0; i < sequence->n; i++)
        add_border(all, sequence->borders[i]);
    if (!sequence->n) {
        add_border(all, segment->from);
        add_border(all, segment->to);
    }
    add_border(all, (struct plan_fraction){1, 1});
    while (all->self + 1 < all->n && !is_same(all->b[all->self], segment->from))
        all->self++;
    if (all->self + 1 >= all->n || !is_same(all->b[all->self + 1], segment->to)) {
        return fault(-EINVAL,
                     "the execution segment %" PRId64 "/%" PRId64 ":%" PRId64 "/%" PRId64
                     " is not one of the execution segment sequence",
                     segment->from.num, segment->from.den, segment->to.num, segment->to.den);
    }
    return 0;
}

/* The least common denominator; 0 when it is too large to be meant. */
static uint64_t find_cycle(const struct borders *all)
{
    int64_t cycle = 1;

    for (size_t i = 0; i < all->n; i++) {
        int64_t den = all->b[i].den / plan_common_divisor(all->b[i].num, all->b[i].den);

        if (den > CYCLE_MAX)
            return 0;
        cycle = cycle / plan_common_divisor(cycle, den) * den;
        if (cycle > CYCLE_MAX)
            return 0;
    }
    return (uint64_t)cycle;
}

static uint64_t in_cycle(struct plan_fraction f, uint64_t cycle)
{
    return (uint64_t)f.num * cycle / (uint64_t)f.den;
}

int plan_share_new(struct arena *arena, const struct plan_segment *segment,
                   const struct plan_sequence *sequence, const struct plan_share **ret_share)
{
    struct borders all = {0};

    *ret_share = NULL;
    if (segment->from.num == 0 && segment->to.num == segment->to.den)
        return 0;
    TRY(find_borders(arena, segment, sequence, &all));
    uint64_t cycle = find_cycle(&all);

    if (!cycle) {
        return fault(-EINVAL,
                     "the execution segments have no common denominator up to %" PRId64
                     ": write them as fractions such as 1/3",
                     CYCLE_MAX);
    }
    uint64_t *counts = arena_new_n(arena, uint64_t, all.n);

    for (size_t i = 0; i + 1 < all.n; i++)
        counts[i] = in_cycle(all.b[i + 1], cycle) - in_cycle(all.b[i], cycle);
    *ret_share = deal(arena, counts, (uint32_t)all.n - 1, cycle, all.self);
    return 0;
}

/* How many of the first n things each segment has. */
static void count_all(const struct plan_share *share, int64_t n, uint64_t *counts)
{
    uint64_t rounds = (uint64_t)n / share->cycle, rest = (uint64_t)n % share->cycle;

    for (uint64_t i = 0; i < share->cycle; i++)
        counts[share->owner[i]] += rounds + (i < rest);
}

const struct plan_share *plan_share_by_users(struct arena *arena, const struct plan_share *share,
                                             int64_t n)
{
    uint64_t *counts = arena_new_n(arena, uint64_t, share->n_segments);
    uint64_t divisor = (uint64_t)n;

    count_all(share, n, counts);
    if (!counts[share->self])
        return NULL;
    for (uint32_t i = 0; i < share->n_segments; i++)
        divisor = (uint64_t)plan_common_divisor((int64_t)divisor, (int64_t)counts[i]);
    if ((uint64_t)n / divisor > USERS_CYCLE_MAX)
        return share;
    for (uint32_t i = 0; i < share->n_segments; i++)
        counts[i] /= divisor;
    return deal(arena, counts, share->n_segments, (uint64_t)n / divisor, share->self);
}

/* ---- things ---- */

int64_t plan_share_of(const struct plan_share *share, int64_t n)
{
    if (!share)
        return n;
    uint64_t rest = (uint64_t)n % share->cycle, low = 0, high = share->n_own;

    /* How many of ours come before `rest` in a cycle. */
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;

        if (share->own[middle] < rest)
            low = middle + 1;
        else
            high = middle;
    }
    return (int64_t)((uint64_t)n / share->cycle * share->n_own + low);
}

uint64_t plan_share_nth(const struct plan_share *share, uint64_t index)
{
    if (!share)
        return index;
    return index / share->n_own * share->cycle + share->own[index % share->n_own];
}
