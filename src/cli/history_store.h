#pragma once
/* What the commands over the history of runs share: its file, runs by what users write, ages. */
#include "base/clock.h"
#include "base/err.h"
#include "base/opt.h"
#include "store/store.h"

/* The row --store over a `const char *` at an offset. */
#define HISTORY_STORE_ROW(offset_)                                                               \
    {                                                                                            \
        .name = "store", .type = OPT_STRING, .offset = (offset_), .env = "BRUNT_STORE",          \
        .value_name = "FILE", .hint = OPT_HINT_FILE,                                             \
        .help =                                                                                  \
            "the history of runs (default ~/.local/share/brunt/runs.db, or below XDG_DATA_HOME)" \
    }

/* What the help of those commands says of their operand. */
#define HISTORY_RUN_HELP                                                                         \
    "RUN is a run's id, or the beginning of one, as `brunt history` shows it; latest, latest~1 " \
    "for the one before, baseline, or #N for its number in the file."

/* The file that was given, or the default one; the caller frees it. */
char *history_path(const char *given);

/* Opens it. Returns 0 or a fault. */
MUST_USE int history_open(const char *given, enum store_mode mode, struct store **ret_store);

/* What the store says of a run that was asked for, as a fault: `text` is what the user wrote. */
MUST_USE int history_fault(int r, const char *text);

/* The one run that is meant; a fault whose text is for the user when there is none, or several. */
MUST_USE int history_find(struct store *s, const char *text, int64_t *ret_key);

/* OPT_CALL for a span_ns at the row's offset: "90d", "36h". */
int history_take_age(void *object, const struct opt_row *row, const char *value);

/* Appends a time of the list, "2026-01-02 15:04" where we are; "-" for none. */
void history_put_time(wall_ns at, struct buf *out);
