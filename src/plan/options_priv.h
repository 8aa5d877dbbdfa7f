#pragma once
/* What the readers and writers of options share; for this folder only. */
#include "base/json_out.h"
#include "plan/options.h"
#include "plan/scenario.h"

struct json_t;

/* Conditions of a reader. */
enum {
    PLAN_E_TYPE = 1,  /* not what is expected; the caller says what is */
    PLAN_E_UNSET = 2, /* as if nothing had been given (null) */
};

/* Where a value goes, and where it came from. */
struct plan_slot {
    struct plan_options *o;
    enum plan_option id;
    enum plan_tier tier;
    void *field; /* in *o */
    struct plan_strings *warnings;
};

/* What every option of one type has in common; rows of options_type.c. */
struct plan_type {
    const char *expected; /* "an integer": for messages */
    size_t size;          /* of the field */
    /* Return 0, a condition above, or -EINVAL with fault text that says why. */
    int (*from_json)(struct plan_slot *slot, struct json_t *value);
    int (*from_text)(struct plan_slot *slot, struct str text);
    void (*show)(const void *field, struct json_out *j);
};

extern const struct plan_type plan_types[PLAN_TYPE_COUNT];

/* The readers and writers that the table is made of. */
#define PLAN_READERS(x)                                              \
    int plan_json_##x(struct plan_slot *slot, struct json_t *value); \
    int plan_text_##x(struct plan_slot *slot, struct str text);      \
    void plan_show_##x(const void *field, struct json_out *j);

PLAN_READERS(bool)
PLAN_READERS(int)
PLAN_READERS(number)
PLAN_READERS(duration)
PLAN_READERS(string)
PLAN_READERS(list)
PLAN_READERS(repeat)
PLAN_READERS(map)
PLAN_READERS(stages)
PLAN_READERS(scenarios)
PLAN_READERS(segment)
PLAN_READERS(sequence)
PLAN_READERS(dns)
PLAN_READERS(tls_version)
PLAN_READERS(tls_auth)
PLAN_READERS(thresholds)
PLAN_READERS(system_tags)
PLAN_READERS(any)

static inline void *plan_field(struct plan_options *o, enum plan_option id)
{
    return (char *)o + plan_option_rows[id].offset;
}

static inline const void *plan_field_const(const struct plan_options *o, enum plan_option id)
{
    return (const char *)o + plan_option_rows[id].offset;
}

static inline void plan_mark(struct plan_options *o, enum plan_option id)
{
    o->set[id / 64] |= UINT64_C(1) << (id % 64);
}

static inline void plan_unmark(struct plan_options *o, enum plan_option id)
{
    o->set[id / 64] &= ~(UINT64_C(1) << (id % 64));
}

/* Makes room for one more in a list of the arena: an lvalue, the new element, zeroed. */
#define plan_push(arena, list)                                                                 \
    (*((list)->items =                                                                         \
           plan_grow((arena), (list)->items, (list)->n, &(list)->cap, sizeof(*(list)->items)), \
       &(list)->items[(list)->n++]))

void *plan_grow(struct arena *arena, void *items, size_t n, size_t *cap, size_t size);

const char *plan_copy(struct arena *arena, struct str text);

/* Adds or replaces. */
void plan_map_set(struct plan_map *map, struct arena *arena, struct str name, struct str value);

/* Reads a text into the field: PLAN_E_UNSET when nothing is to be marked, else as the readers. */
int plan_option_take_text(struct plan_options *o, enum plan_option id, enum plan_tier tier,
                          struct str text);

/* Pieces that both the JSON and the text form use; 0 or -EINVAL with fault text. */
int plan_list_add(struct plan_slot *slot, struct str item);
int64_t plan_common_divisor(int64_t a, int64_t b);
int plan_segment_parse(struct str text, struct plan_segment *ret_segment);
int plan_sequence_parse(struct str text, struct arena *arena, struct plan_sequence *ret_sequence);
int plan_dns_member(struct plan_dns *dns, struct arena *arena, struct str name, struct str value);
int plan_tls_version_parse(struct str text, enum plan_tls_version *ret_version);
void plan_stages_show(const struct plan_stages *stages, struct json_out *j);
void plan_map_show(const struct plan_map *map, struct json_out *j);
void plan_duration_show(span_ns span, struct json_out *j);

/* The members of plan_options_json, for more to follow. */
void plan_options_members(const struct plan_options *o, enum plan_json_form form,
                          struct json_out *j);

/* JSON values of C types; conditions and faults as readers have them. */
int plan_json_to_int(struct json_t *value, int64_t *ret_n);
int plan_json_to_number(struct json_t *value, double *ret_n);
int plan_json_to_duration(struct json_t *value, span_ns *ret_span);
int plan_json_to_string(struct json_t *value, struct arena *arena, const char **ret_text);
int plan_json_to_map(struct json_t *value, struct arena *arena, struct plan_map *ret_map);
int plan_json_to_stages(struct json_t *value, struct arena *arena, struct plan_stages *ret_stages);

/* Reads a text that is JSON, by the type's reader of JSON. */
int plan_from_json_text(struct plan_slot *slot, struct str text);

/* Adds the conditions of `more` to those there are; both lists stay as they were. */
void plan_thresholds_join(struct plan_thresholds *all, const struct plan_thresholds *more,
                          struct arena *arena);

/* The JSON text of a value, cut to a length fit for a message. */
const char *plan_json_brief(struct json_t *value, struct arena *arena);

/* --- scenarios --- */

/* One field: its name, type and place; rows of scenario.c. */
struct plan_field_row {
    const char *json;
    enum plan_option_type type; /* INT, DURATION, STRING, MAP, STAGES or ANY */
    size_t offset;
};

extern const struct plan_field_row plan_field_rows[PLAN_F_COUNT];

/* Whether the executor knows the field. */
bool plan_executor_has(enum plan_executor e, enum plan_field field);

/* The executor of that name, or PLAN_EXECUTOR_COUNT. */
enum plan_executor plan_executor_find(struct str name);

/* Defaults of the executor; `name` is kept. */
void plan_scenario_init(struct plan_scenario *s, const char *name, enum plan_executor e);

static inline bool plan_scenario_has(const struct plan_scenario *s, enum plan_field field)
{
    return s->set >> field & 1;
}

/* Fills in what is computed from the rest. */
void plan_scenario_finish(struct plan_scenario *s);

/* Appends every problem of the scenario to `out`, joined by ", ". */
void plan_scenario_check(const struct plan_scenario *s, struct buf *out);
