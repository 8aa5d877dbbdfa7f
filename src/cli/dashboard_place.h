#pragma once
/* Where `brunt dashboard link` puts dashboards, and how it and `unlink` tell what they did. */
#include "base/buf.h"
#include "base/err.h"
#include "dashboard/link.h"

#define DASHBOARD_LAB_ROW(offset_)                                                            \
    {                                                                                         \
        .name = "lab", .type = OPT_STRING, .offset = (offset_), .env = "BRUNT_LAB",           \
        .value_name = "DIR", .hint = OPT_HINT_DIR,                                            \
        .help = "the lab's folder (default ~/.local/share/brunt/lab, or below XDG_DATA_HOME)" \
    }

/*
 * The folder of linked dashboards in the lab `given`, or in the usual one for NULL. The caller
 * frees *ret. Returns 0 or a fault.
 */
MUST_USE int dashboard_custom_folder(const char *given, char **ret);

/* A link_fn whose arg is a struct buf: a line for what changed or should be known. */
void dashboard_put_news(void *arg, enum link_news news, const char *file, const char *text);

/* "3 added, 1 removed, 2 unchanged"; "nothing" when it was nothing. */
void dashboard_put_counts(struct buf *out, const struct link_counts *c);
