/*
 * RFC 4180: cells may be quoted, and a quote in them is doubled. A record is put together in one
 * buffer, without quotes, and cells are offsets into it. Columns are known by their titles, for
 * versions have different ones.
 */
#include "bridge/locust_csv.h"

#include <errno.h>
#include <math.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/table.h"

enum {
    CELLS_MAX = 64,          /* Locust has 22 */
    RECORD_BYTES = 64 << 10, /* of names and numbers */
};

struct record {
    struct buf text;
    size_t begin[CELLS_MAX + 1]; /* of cell i; begin[n] is the end of the last */
    size_t n;
};

enum column {
    COLUMN_METHOD,
    COLUMN_NAME,
    COLUMN_P90,
    COLUMN_P95,
    COLUMN_P99,
    COLUMNS,
};

static struct str cell_of(const struct record *r, size_t i)
{
    if (i >= r->n)
        return (struct str){0};
    return str_from_index(str_from(r->text.data, r->begin[i + 1]), r->begin[i]);
}

/* What is beyond the limit is left out: no name of Locust's is as long. */
static void add(struct record *r, struct str text)
{
    ignored(buf_add(&r->text, text.p, text.n));
}

/* A quoted cell; *rest is behind its first quote, and behind its last one afterwards. */
static void read_quoted(struct str *rest, struct record *r)
{
    while (rest->n) {
        size_t n = str_find(*rest, '"');

        add(r, str_from(rest->p, n));
        *rest = str_from_index(*rest, n + 1);
        if (!rest->n || rest->p[0] != '"')
            return;
        add(r, STR("\""));
        *rest = str_from_index(*rest, 1);
    }
}

/* Up to the comma or the end of the line, which is left. */
static void read_plain(struct str *rest, struct record *r)
{
    size_t n = 0;

    while (n < rest->n && rest->p[n] != ',' && rest->p[n] != '\n')
        n++;
    add(r, str_trim(str_from(rest->p, n)));
    *rest = str_from_index(*rest, n);
}

/* Takes a line; cells that are too many are left out. False: there is none. */
static bool read_record(struct str *rest, struct record *r)
{
    if (!rest->n)
        return false;
    buf_reset(&r->text);
    r->n = 0;
    for (;;) {
        r->begin[r->n] = r->text.len;
        if (rest->n && rest->p[0] == '"') {
            *rest = str_from_index(*rest, 1);
            read_quoted(rest, r);
        }
        read_plain(rest, r);
        if (r->n < CELLS_MAX)
            r->begin[++r->n] = r->text.len;
        bool goes_on = rest->n && rest->p[0] == ',';

        *rest = str_from_index(*rest, 1);
        if (!goes_on)
            return true;
    }
}

/* Which quantiles there are is a setting of Locust's. */
static int find_columns(const struct record *header, size_t ret_at[COLUMNS])
{
    static const char *const titles[COLUMNS] = {
        [COLUMN_METHOD] = "Type", [COLUMN_NAME] = "Name", [COLUMN_P90] = "90%",
        [COLUMN_P95] = "95%",     [COLUMN_P99] = "99%",
    };

    for (size_t c = 0; c < COLUMNS; c++) {
        size_t at = 0;

        while (at < header->n && !str_is(cell_of(header, at), titles[c]))
            at++;
        if (at == header->n && c <= COLUMN_NAME)
            return fault(-EINVAL, "Locust's table has no column \"%s\"", titles[c]);
        ret_at[c] = at; /* beyond the last: its cells are empty */
    }
    return 0;
}

/* ---- rows ---- */

static void put_key(struct buf *key, struct str method, struct str name)
{
    buf_reset(key);
    buf_putstr(key, method);
    buf_putc(key, '\0');
    buf_putstr(key, name);
}

static void index_rows(struct locust_stats *stats, struct table *rows, struct buf *key)
{
    for (size_t i = 0; i < stats->n_rows; i++) {
        put_key(key, stats->rows[i].method, stats->rows[i].name);
        table_set(rows, buf_str(key), &stats->rows[i]);
    }
}

static void fill(struct locust_row *row, const struct record *r, const size_t at[COLUMNS])
{
    static const struct {
        enum column column;
        enum locust_number number;
    } quantiles[] = {
        {COLUMN_P90, LOCUST_N_P90},
        {COLUMN_P95, LOCUST_N_P95},
        {COLUMN_P99, LOCUST_N_P99},
    };

    for (size_t i = 0; i < countof(quantiles); i++) {
        double *number = &row->number[quantiles[i].number];
        double value;

        /* "N/A" before the first request. */
        if (isnan(*number) && str_f64(cell_of(r, at[quantiles[i].column]), &value) &&
            isfinite(value))
            *number = value;
    }
}

static void fill_all(struct str rest, struct record *r, const size_t at[COLUMNS],
                     struct locust_stats *stats)
{
    scoped(buf_fini) struct buf key = {0};
    struct table rows = {0};

    index_rows(stats, &rows, &key);
    while (read_record(&rest, r)) {
        put_key(&key, cell_of(r, at[COLUMN_METHOD]), cell_of(r, at[COLUMN_NAME]));
        struct locust_row *row = table_get(&rows, buf_str(&key));

        if (row)
            fill(row, r, at);
        else if (str_is(cell_of(r, at[COLUMN_NAME]), "Aggregated") && stats->has_total)
            fill(&stats->total, r, at);
    }
    table_fini(&rows);
}

int locust_csv_fill(struct str csv, struct locust_stats *stats)
{
    struct record r = {.text = BUF_INIT(RECORD_BYTES)};
    size_t at[COLUMNS];
    int result = -EINVAL;

    if (read_record(&csv, &r)) {
        result = find_columns(&r, at);
        if (result == 0)
            fill_all(csv, &r, at, stats);
    } else {
        result = fault(-EINVAL, "Locust's table is empty");
    }
    buf_fini(&r.text);
    return result;
}

bool locust_csv_is_needed(const struct locust_stats *stats)
{
    const double *number = stats->total.number;

    return stats->has_total && number[LOCUST_N_REQUESTS] > 0 &&
           (isnan(number[LOCUST_N_P90]) || isnan(number[LOCUST_N_P95]) ||
            isnan(number[LOCUST_N_P99]));
}
