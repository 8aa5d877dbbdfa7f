#pragma once
/* What the page may do with the connections of `brunt connection`: the same file, read anew. */
struct web_connection_ops;

/* `self` is a `const char **`: the file that was named, or NULL for the default. */
extern const struct web_connection_ops ui_connection_ops;
