#include "cli/log_tail.h"

#include <pthread.h>

#include "base/json_out.h"
#include "base/mem.h"

struct log_tail {
    pthread_mutex_t lock;
    char *lines[LOG_TAIL_LINES]; /* line i of all is at i % LOG_TAIL_LINES */
    uint64_t n;                  /* that were added so far */
};

struct log_tail *log_tail_new(void)
{
    struct log_tail *t = xnew(struct log_tail);

    pthread_mutex_init(&t->lock, NULL);
    return t;
}

void log_tail_free(struct log_tail *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < LOG_TAIL_LINES; i++)
        free(t->lines[i]);
    pthread_mutex_destroy(&t->lock);
    free(t);
}

/* At most LOG_TAIL_BYTES, and no part of a character. */
static size_t cut(struct str line)
{
    size_t n = line.n;

    if (n <= LOG_TAIL_BYTES)
        return n;
    n = LOG_TAIL_BYTES;
    while (n && ((unsigned char)line.p[n] & 0xc0) == 0x80)
        n--;
    return n;
}

/* The bytes of the colour ("ESC[36m") that s begins with; 0: it begins with none. */
static size_t color_bytes(struct str s)
{
    size_t n = 2;

    if (s.n < 3 || s.p[0] != '\033' || s.p[1] != '[')
        return 0;
    while (n < s.n && (ascii_digit(s.p[n]) || s.p[n] == ';'))
        n++;
    return n < s.n && s.p[n] == 'm' ? n + 1 : 0;
}

/* A copy on the heap, without colours. */
static char *plain_copy(struct str line)
{
    char *copy = xstrndup(line.p ? line.p : "", line.n);
    size_t n = 0;

    for (size_t i = 0; i < line.n; i++) {
        size_t skipped = color_bytes(str_from_index(line, i));

        if (skipped)
            i += skipped - 1;
        else
            copy[n++] = line.p[i];
    }
    copy[n] = '\0';
    return copy;
}

void log_tail_add(void *arg, struct str line)
{
    struct log_tail *t = arg;

    line = str_trim(line);
    char *kept = plain_copy(str_from(line.p, cut(line)));

    pthread_mutex_lock(&t->lock);
    char **place = &t->lines[t->n++ % LOG_TAIL_LINES];

    free(*place);
    *place = kept;
    pthread_mutex_unlock(&t->lock);
}

void log_tail_put(void *arg, struct json_out *j)
{
    struct log_tail *t = arg;

    json_open_array(j);
    pthread_mutex_lock(&t->lock);
    for (uint64_t i = t->n > LOG_TAIL_LINES ? t->n - LOG_TAIL_LINES : 0; i < t->n; i++)
        json_put_cstr(j, t->lines[i % LOG_TAIL_LINES]);
    pthread_mutex_unlock(&t->lock);
    json_close(j);
}
