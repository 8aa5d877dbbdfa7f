#pragma once
/* What the page may do with the connections of `brunt connection`: the same file, read anew. */
struct web_connection_ops;

/* `self` is the file that was named, a `const char *`, or NULL for the default. */
extern const struct web_connection_ops ui_connection_ops;
