/* Where panels lie, and what they are called by. */
#include <math.h>

#include "base/mem.h"
#include "dashboard/lint_priv.h"

enum {
    COLUMNS = 24,
};

struct area {
    const struct lint_panel *panel;
    double x, y, w, h;
};

/* ---- places ---- */

/* Panels of rows of an old schema have no place; so have those in libraries. */
static bool area_of(const struct lint_panel *p, struct area *ret)
{
    const json_t *place = lint_object(p->json, "gridPos");
    struct area a = {.panel = p};

    if (!place || !lint_number(place, "w", &a.w) || !lint_number(place, "h", &a.h))
        return false;
    if (!lint_number(place, "x", &a.x))
        a.x = 0;
    if (!lint_number(place, "y", &a.y))
        a.y = 0;
    *ret = a;
    return true;
}

static void check_area(struct lint *l, const struct area *a)
{
    if (a->w < 1 || a->h < 1) {
        lint_say(l, AT_PANEL(a->panel), "it is %g columns wide and %g high; both are at least 1",
                 a->w, a->h);
    } else if (a->x < 0 || a->y < 0) {
        lint_say(l, AT_PANEL(a->panel), "it begins at column %g, line %g; neither is below 0", a->x,
                 a->y);
    } else if (a->x + a->w > COLUMNS) {
        lint_say(l, AT_PANEL(a->panel), "it reaches to column %g; there are %d", a->x + a->w,
                 COLUMNS);
    }
}

static bool overlap(const struct area *a, const struct area *b)
{
    return a->x < b->x + b->w && b->x < a->x + a->w && a->y < b->y + b->h && b->y < a->y + a->h;
}

/* What a closed row holds lies apart from the rest. */
static bool same_space(const struct lint_panel *a, const struct lint_panel *b)
{
    return a->in_closed_row == b->in_closed_row && (!a->in_closed_row || a->row == b->row);
}

static void check_overlaps(struct lint *l, const struct area *areas, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        for (size_t j = 0; j < i; j++) {
            const struct lint_panel *other = areas[j].panel;

            if (!same_space(areas[i].panel, other) || !overlap(&areas[i], &areas[j]))
                continue;
            lint_warn(l, AT_PANEL(areas[i].panel),
                      "it lies on %s '%.*s'; Grafana moves one of them",
                      other->is_row ? "row" : "panel", LINT_SHORT(other->title));
            break;
        }
    }
}

void lint_rule_panel_layout(struct lint *l)
{
    struct area *areas = xnew_n(struct area, l->doc.n_panels + 1);
    size_t n = 0;
    bool old = lint_array(l->doc.dashboard, "rows") != NULL;

    for (size_t i = 0; i < l->doc.n_panels; i++) {
        if (area_of(&l->doc.panels[i], &areas[n])) {
            check_area(l, &areas[n++]);
        } else if (!old) {
            lint_warn(l, AT_PANEL(&l->doc.panels[i]),
                      "it has no place; give it a gridPos with x, y, w and h");
        }
    }
    check_overlaps(l, areas, n);
    free(areas);
}

/* ---- ids ---- */

static const struct lint_panel *earlier_with_id(const struct lint *l, size_t i, double id)
{
    double other;

    for (size_t j = 0; j < i; j++) {
        if (lint_number(l->doc.panels[j].json, "id", &other) && other == id)
            return &l->doc.panels[j];
    }
    return NULL;
}

void lint_rule_panel_ids(struct lint *l)
{
    for (size_t i = 0; i < l->doc.n_panels; i++) {
        const struct lint_panel *p = &l->doc.panels[i], *other;
        double id;

        if (!lint_number(p->json, "id", &id)) {
            lint_warn(l, AT_PANEL(p), "it has no id: links and annotations cannot name it");
            continue;
        }
        other = earlier_with_id(l, i, id);
        if (other) {
            lint_say(l, AT_PANEL(p), "'%.*s' has the same id; ids are different",
                     LINT_SHORT(other->title));
        }
    }
}

static bool earlier_with_ref(const struct lint_panel *p, size_t i)
{
    for (size_t j = 0; j < i; j++) {
        if (str_eq(p->targets[j].ref_id, p->targets[i].ref_id))
            return true;
    }
    return false;
}

void lint_rule_target_ref_ids(struct lint *l)
{
    for (size_t i = 0; i < l->doc.n_panels; i++) {
        const struct lint_panel *p = &l->doc.panels[i];

        for (size_t j = 0; j < p->n_targets; j++) {
            if (!p->targets[j].ref_id.n) {
                lint_warn(l, AT_TARGET(p, &p->targets[j]), "it has no refId; name it A, B, ...");
            } else if (earlier_with_ref(p, j)) {
                lint_say(l, AT_TARGET(p, &p->targets[j]),
                         "another query of the panel has the same refId: one of them is lost");
            }
        }
    }
}
