/*
 * A rule is a function that looks at the whole dashboard and says what it finds; which rule said it
 * is noted here. Exceptions are applied as findings come in.
 */
#include "dashboard/lint.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/opt.h"
#include "dashboard/lint_priv.h"

static const struct rule {
    struct lint_rule_about about;
    void (*look)(struct lint *l);
} rules[] = {
#define RULE(name_, severity_, function_, help_) \
    {{.name = (name_), .severity = LINT_##severity_, .help = (help_)}, lint_rule_##function_},
#include "dashboard/lint_rules.def"
#undef RULE
};

const struct lint_rule_about *lint_rule_about(size_t i)
{
    return i < countof(rules) ? &rules[i].about : NULL;
}

/* ---- which rules ---- */

static bool is_among(const char *name, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(names[i], name) == 0)
            return true;
    }
    return false;
}

static int check_names(const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *known = NULL;

        for (size_t j = 0; j < countof(rules) && !known; j++)
            known = strcmp(rules[j].about.name, names[i]) == 0 ? names[i] : NULL;
        const char *near =
            known ? NULL
                  : opt_nearest(names[i], &rules[0].about.name, countof(rules), sizeof(rules[0]));

        if (!known) {
            return fault(-EINVAL, "there is no rule '%s'%s%s%s; --list names all", names[i],
                         near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
        }
    }
    return 0;
}

int lint_options_check(const struct lint_options *o)
{
    TRY(check_names(o->only, o->n_only));
    return check_names(o->skip, o->n_skip);
}

static bool is_on(const struct lint_options *o, const char *name)
{
    return (!o->n_only || is_among(name, o->only, o->n_only)) &&
           !is_among(name, o->skip, o->n_skip);
}

/* ---- saying ---- */

static void put_title(struct buf *out, struct str title)
{
    if (title.n)
        buf_printf(out, " '%.*s'", LINT_SHORT(title));
}

static void put_panel(struct buf *out, const struct lint_panel *p)
{
    double id;

    buf_puts(out, p->is_row ? "row" : "panel");
    if (lint_number(p->json, "id", &id)) {
        buf_printf(out, " %.0f", id);
    } else {
        buf_printf(out, " no. %zu", p->number);
    }
    put_title(out, p->title);
}

static void put_place(struct buf *out, struct lint_place at)
{
    if (at.panel) {
        put_panel(out, at.panel);
    } else if (at.variable) {
        buf_printf(out, "variable%s", at.variable->name.n ? "" : " without a name");
        put_title(out, at.variable->name);
    } else {
        buf_puts(out, "dashboard");
    }
    if (at.target && at.target->ref_id.n)
        buf_printf(out, ", query %.*s", LINT_SHORT(at.target->ref_id));
    if (at.target && !at.target->ref_id.n)
        buf_printf(out, ", query no. %zu", at.target->index + 1);
    if (at.other)
        buf_printf(out, ", %s", at.other);
}

static const char *keep(struct lint_report *report, struct str text)
{
    return arena_str(&report->arena, text).p;
}

static void add(struct lint *l, struct lint_finding f)
{
    enum lint_fate fate = l->options->exceptions
                              ? lint_exceptions_fate(l->options->exceptions, l->report->title, &f)
                              : LINT_STAYS;

    if (fate == LINT_IS_EXCLUDED) {
        l->report->n_excepted++;
        return;
    }
    if (fate == LINT_IS_WARNING)
        f.severity = LINT_WARNING;
    *(f.severity == LINT_ERROR ? &l->report->n_errors : &l->report->n_warnings) += 1;
    if (l->report->n_findings < LINT_FINDINGS_MAX)
        vec_push(l->report->findings, l->report->n_findings, l->report->cap_findings) = f;
}

PRINTF_LIKE(4, 0)
static void say(struct lint *l, struct lint_place at, enum lint_severity severity, const char *fmt,
                va_list args)
{
    scoped(buf_fini) struct buf place = {0};
    char text[600];
    struct lint_finding f = {.rule = l->rule, .severity = severity, .target = -1};

    vsnprintf(text, sizeof(text), fmt, args);
    put_place(&place, at);
    f.place = keep(l->report, buf_str(&place));
    f.text = keep(l->report, str_of(text));
    if (at.panel)
        f.panel_title = keep(l->report, at.panel->title);
    if (at.target)
        f.target = (int)at.target->index;
    add(l, f);
}

void lint_say(struct lint *l, struct lint_place at, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    say(l, at, l->rule->severity, fmt, args);
    va_end(args);
}

void lint_warn(struct lint *l, struct lint_place at, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    say(l, at, LINT_WARNING, fmt, args);
    va_end(args);
}

/* ---- walking ---- */

void lint_each_target(struct lint *l, lint_target_fn *fn)
{
    for (size_t i = 0; i < l->doc.n_panels; i++) {
        const struct lint_panel *p = &l->doc.panels[i];

        for (size_t j = 0; j < p->n_targets; j++)
            fn(l, p, &p->targets[j]);
    }
}

static void each_text(json_t *value, const char *key, int depth, lint_text_fn *fn, void *arg)
{
    const char *inner_key;
    json_t *inner;
    size_t i;

    if (json_is_string(value))
        fn(arg, key, str_from(json_string_value(value), json_string_length(value)));
    if (depth >= LINT_TREE_DEPTH)
        return;
    json_object_foreach(value, inner_key, inner)
    {
        each_text(inner, inner_key, depth + 1, fn, arg);
    }
    json_array_foreach(value, i, inner)
    {
        each_text(inner, key, depth + 1, fn, arg);
    }
}

void lint_each_text(json_t *value, lint_text_fn *fn, void *arg)
{
    each_text(value, "", 0, fn, arg);
}

bool lint_has_promql(const struct lint *l)
{
    for (size_t i = 0; i < l->doc.n_panels; i++) {
        for (size_t j = 0; j < l->doc.panels[i].n_targets; j++) {
            if (l->doc.panels[i].targets[j].dialect == LINT_PROMQL)
                return true;
        }
    }
    return false;
}

/* ---- a dashboard ---- */

static void look(struct lint *l)
{
    for (size_t i = 0; i < countof(rules); i++) {
        if (!is_on(l->options, rules[i].about.name))
            continue;
        l->rule = &rules[i].about;
        rules[i].look(l);
    }
}

int dashboard_lint(struct str json, const struct lint_options *options,
                   struct lint_report **ret_report)
{
    struct lint l = {.options = options};

    TRY(lint_options_check(options));
    int r = lint_doc_read(json, &l.doc);

    if (r > 0)
        return r;
    TRY(r);
    l.report = xnew(struct lint_report);
    l.report->title = keep(l.report, lint_text(l.doc.dashboard, "title"));
    look(&l);
    lint_doc_fini(&l.doc);
    *ret_report = l.report;
    return 0;
}

void lint_report_free(struct lint_report *report)
{
    if (!report)
        return;
    free(report->findings);
    arena_fini(&report->arena);
    free(report);
}
