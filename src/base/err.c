/*
 * The record of the latest fault. It is allocated at the first fault of a thread or coroutine, so
 * that the many coroutines that never see one pay a pointer.
 */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

enum {
    FAULT_TEXT_BYTES = 1024,
    FAULT_TRACE_BYTES = 1024
};

struct fault_record {
    char text[FAULT_TEXT_BYTES];
    char trace[FAULT_TRACE_BYTES];
    size_t n_trace;
};

static _Thread_local struct fault_record *current;

static const char *short_path(const char *file)
{
    const char *src = strstr(file, "/src/");

    return src ? src + 5 : file;
}

static void trace_add(struct fault_record *r, const char *func, const char *file, int line)
{
    size_t room = sizeof(r->trace) - r->n_trace;
    int n = snprintf(r->trace + r->n_trace, room, "  %s (%s:%d)\n", func, short_path(file), line);

    /* A trace that does not fit keeps its beginning, which is where the fault arose. */
    if (n > 0 && (size_t)n < room)
        r->n_trace += (size_t)n;
    else
        r->trace[r->n_trace] = '\0';
}

int fault_raise(int code, const char *func, const char *file, int line, const char *fmt, ...)
{
    char text[FAULT_TEXT_BYTES];
    va_list args;

    /* Formatted aside first: an argument may be the text of the fault that this one replaces. */
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (!current)
        current = xnew(struct fault_record);
    memcpy(current->text, text, sizeof(text));
    current->n_trace = 0;
    trace_add(current, func, file, line);
    return code < 0 ? code : -ENOTRECOVERABLE;
}

int fault_pass(int code, const char *func, const char *file, int line)
{
    if (code > 0)
        return fault_raise(-ENOTRECOVERABLE, func, file, line, "condition %d was not handled",
                           code);
    if (current)
        trace_add(current, func, file, line);
    return code;
}

const char *fault_text(void)
{
    return current ? current->text : "";
}

const char *fault_trace(void)
{
    return current ? current->trace : "";
}

void fault_clear(void)
{
    fault_record_free(current);
    current = NULL;
}

struct fault_record *fault_record_swap(struct fault_record *next)
{
    struct fault_record *old = current;

    current = next;
    return old;
}

void fault_record_free(struct fault_record *record)
{
    free(record);
}
