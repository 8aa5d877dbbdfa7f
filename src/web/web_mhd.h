#pragma once
/*
 * libmicrohttpd, loaded when a server is started: it brings GnuTLS and eight more libraries along,
 * which would make every start of the program 2 ms longer. One table for the process.
 */
#include <microhttpd.h>

#include "base/err.h"

#define WEB_MHD_FUNCTIONS(x)          \
    x(start_daemon);                  \
    x(stop_daemon);                   \
    x(lookup_connection_value);       \
    x(create_response_from_buffer);   \
    x(create_response_from_callback); \
    x(add_response_header);           \
    x(suspend_connection);            \
    x(resume_connection);             \
    x(queue_response);                \
    x(destroy_response)

struct web_mhd {
#define POINTER(name) __typeof__(&MHD_##name) name
    WEB_MHD_FUNCTIONS(POINTER);
#undef POINTER
};

/* The table; filled by web_mhd_load(). */
extern struct web_mhd web_mhd;

/* Returns 0, or a fault that says which package is missing. Any thread. */
MUST_USE int web_mhd_load(void);
