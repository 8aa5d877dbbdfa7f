/*
 * Any bytes as a dashboard: whatever comes, the findings are text with a place, and looking again
 * finds the same. The first byte chooses whether the rest is a dashboard or the exceptions beside
 * one.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "dashboard/lint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char board[] = "{\"panels\":[{\"type\":\"stat\",\"title\":\"a\",\"targets\":[{}]}]}";

static struct lint_report *look(struct str json, const struct lint_exceptions *e)
{
    struct lint_options options = {.vocabs = 1, .exceptions = e};
    struct lint_report *report = NULL;

    if (dashboard_lint(json, &options, &report))
        return NULL;
    assert(report->n_findings <= report->n_errors + report->n_warnings);
    for (size_t i = 0; i < report->n_findings; i++) {
        assert(report->findings[i].place[0] && report->findings[i].text[0]);
        assert(report->findings[i].rule->name[0]);
    }
    return report;
}

static void look_twice(struct str json)
{
    struct lint_report *a = look(json, NULL), *b = look(json, NULL);

    assert(!a == !b);
    assert(!a || (a->n_errors == b->n_errors && a->n_warnings == b->n_warnings));
    lint_report_free(a);
    lint_report_free(b);
}

static void except(struct str text)
{
    struct lint_exceptions *e = NULL;

    if (lint_exceptions_read(text, &e))
        return;
    lint_report_free(look(str_of(board), e));
    lint_exceptions_free(e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct str text = str_from((const char *)data, n);

    if (n == 0)
        return 0;
    if (data[0] == '{')
        look_twice(text);
    else
        except(text);
    return 0;
}
