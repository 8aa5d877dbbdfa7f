#pragma once
/*
 * What a locustfile says of itself and of its web API (py/locust/web.py): its name, classes, tasks,
 * where to serve. Read from JSON text.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "locust/locust_csv.h"

/* Strings are in the arena and end with a zero byte; NULL: there is none. */
struct web_locust_about {
    const char *host;
    const char *locustfile;
    const char *shape;    /* the class of a LoadTestShape */
    const char **classes; /* of users, n_classes */
    size_t n_classes;
    bool has_picker;
    struct str tasks; /* JSON */
    struct locust_quantiles report, statistics, chart;

    const char *web_host; /* "": this machine only; "*": all interfaces */
    int port;
    bool has_port;         /* somebody has said it */
    const char *base_path; /* "" or "/x", without a slash at its end */
    bool is_headless, autostart;
    double autoquit;   /* seconds; < 0: never */
    int64_t users;     /* < 0: nobody has said it; so are the next two */
    double spawn_rate; /* users a second */
    struct str page;   /* JSON: what the page has to know, of the above */
};

/* Returns 0, or a fault: the text is not what py/locust/web.py makes. */
MUST_USE int web_locust_about_read(struct arena *arena, const char *json,
                                   struct web_locust_about *ret_about);

/*
 * The body of POST /user: an object that names one of the classes. Returns 0 or -EINVAL with a text
 * for the client.
 */
MUST_USE int web_locust_user_check(const struct web_locust_about *about, struct str body);
