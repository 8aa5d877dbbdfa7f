#pragma once
/*
 * Files of settings as Locust has them (locust.conf, pyproject.toml), as far as the program reads
 * them itself: to find the locustfile. All else in them is the Python package's affair.
 */
#include <stdbool.h>

#include "base/str.h"

enum locust_conf_form {
    LOCUST_CONF_PLAIN, /* `key = value`, `key: value` or `key value`; # and ; begin a comment */
    LOCUST_CONF_TOML,  /* the same within [tool.locust], a text in quotes */
};

/* The last value of a key, a view of `text`; false: there is none. Any text may be given. */
bool locust_conf_get(struct str text, enum locust_conf_form form, struct str key,
                     struct str *ret_value);
