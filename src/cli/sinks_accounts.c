/* A line for each output, and one for each cause of a loss. */
#include "cli/sinks_accounts.h"

#include <stdio.h>
#include <string.h>

#include "base/json_out.h"
#include "sink/sinks.h"

enum {
    CAUSES = 16,
};

static void put_count(struct buf *out, uint64_t n)
{
    char digits[32];
    int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);

    for (int i = 0; i < len; i++) {
        buf_putc(out, digits[i]);
        if ((len - i - 1) % 3 == 0 && i + 1 < len)
            buf_putc(out, ',');
    }
}

static void put_part(struct buf *out, uint64_t n, const char *what)
{
    if (!n)
        return;
    buf_puts(out, ", ");
    put_count(out, n);
    buf_puts(out, what);
}

static void put_mark(struct buf *out, bool colored, bool is_complete)
{
    buf_puts(out, colored ? (is_complete ? "\033[32m" : "\033[31m") : "");
    buf_puts(out, is_complete ? "✓" : "✗");
    buf_puts(out, colored ? "\033[0m" : "");
}

static void put_causes(struct sinks *s, size_t index, struct buf *out)
{
    const char *texts[CAUSES];
    uint64_t points[CAUSES];
    size_t n = sinks_causes(s, index, texts, points, CAUSES);

    for (size_t i = 0; i < n; i++) {
        buf_puts(out, "      ↳ ");
        put_count(out, points[i]);
        buf_printf(out, " lost: %s\n", texts[i]);
    }
}

static void put_status(struct sinks *s, size_t index, bool colored, size_t width, struct buf *out)
{
    struct sinks_status status;

    sinks_status(s, index, &status);
    const struct sink_account *a = &status.account;

    buf_puts(out, "    ");
    put_mark(out, colored, !status.incomplete);
    buf_printf(out, " %-*s ", (int)width, status.label);
    if (status.listen && !a->produced) {
        buf_printf(out, "served at %s\n", status.listen);
        return;
    }
    put_count(out, a->produced);
    buf_puts(out, " points: ");
    put_count(out, a->acknowledged);
    buf_puts(out, " delivered");
    put_part(out, a->queued, " waiting");
    put_part(out, a->spooled, " on disk");
    put_part(out, a->dropped, " lost");
    buf_putc(out, '\n');
    if (a->spooled) {
        buf_printf(out, "      ↳ on disk because: %s; send them with `brunt spool send`\n",
                   a->trouble ? a->trouble : "the time to deliver was over");
    }
    put_causes(s, index, out);
}

void sinks_accounts_text(struct sinks *s, bool colored, struct buf *out)
{
    size_t width = 0;

    for (size_t i = 0; i < sinks_count(s); i++) {
        struct sinks_status status;

        sinks_status(s, i, &status);
        width = strlen(status.label) > width ? strlen(status.label) : width;
    }
    buf_puts(out, "  █ OUTPUTS \n\n");
    for (size_t i = 0; i < sinks_count(s); i++)
        put_status(s, i, colored, width, out);
    buf_puts(out, "\n\n");
}

static void json_count(struct json_out *j, const char *key, uint64_t n)
{
    json_key(j, key);
    json_put_u64(j, n);
}

void sinks_accounts_summary(struct sinks *s, struct json_out *j)
{
    json_open_object(j);
    for (size_t i = 0; s && i < sinks_count(s); i++) {
        struct sinks_status status;

        sinks_status(s, i, &status);
        json_key(j, status.label);
        json_open_object(j);
        json_key(j, "kind");
        json_put_cstr(j, status.kind);
        json_count(j, "produced", status.account.produced);
        json_count(j, "acknowledged", status.account.acknowledged);
        json_count(j, "dropped", status.account.dropped);
        json_count(j, "queued", status.account.queued);
        json_count(j, "spooled", status.account.spooled);
        json_count(j, "bytes", status.account.bytes);
        json_count(j, "retries", status.account.retries);
        json_key(j, "complete");
        json_put_bool(j, !status.incomplete);
        json_close(j);
    }
    json_close(j);
}

static void put_account(const struct sink_account *a, struct json_out *j)
{
    json_open_object(j);
    json_count(j, "produced", a->produced);
    json_count(j, "acknowledged", a->acknowledged);
    json_count(j, "spooled", a->spooled);
    json_count(j, "dropped", a->dropped);
    json_count(j, "backlog", a->queued);
    if (a->trouble) {
        json_key(j, "error");
        json_put_cstr(j, a->trouble);
    }
    json_close(j);
}

void sinks_accounts_json(struct sinks *s, struct json_out *j)
{
    json_open_object(j);
    for (size_t i = 0; s && i < sinks_count(s); i++) {
        struct sinks_status status;

        sinks_status(s, i, &status);
        json_key(j, status.label);
        put_account(&status.account, j);
    }
    json_close(j);
}

bool sinks_are_complete(struct sinks *s)
{
    bool is_complete = true;

    for (size_t i = 0; i < sinks_count(s); i++) {
        struct sinks_status status;

        sinks_status(s, i, &status);
        is_complete &= !status.incomplete;
    }
    return is_complete;
}
