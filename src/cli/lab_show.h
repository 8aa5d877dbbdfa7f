#pragma once
/* What runs where, how it is fed, and what is missing, as text and as JSON. */
#include "cli/lab_use.h"

struct buf;

enum lab_condition {
    LAB_IS_STOPPED,
    LAB_IS_READY,
    LAB_IS_SILENT, /* it runs and does not answer */
    LAB_IS_GONE,   /* it was started and has ended by itself */
};

/* Asks a program now. */
enum lab_condition lab_condition_of(const struct lab_use *use, enum lab_program program);

/* The address of a program, "http://127.0.0.1:9090"; the caller frees it. */
char *lab_address(const struct lab_use *use, enum lab_program program);

/* The table of `status`. *ret_n_bad is how many programs were started and do not work. */
void lab_show_status(const struct lab_use *use, struct buf *out, size_t *ret_n_bad);
void lab_show_json(const struct lab_use *use, struct buf *out, size_t *ret_n_bad);

/* `brunt run -o ...` for each service that runs, and where to look. */
void lab_show_usage(const struct lab_use *use, struct buf *out);

/* The values of -o that feed what runs; the caller frees them and the array. */
size_t lab_outputs(const struct lab_use *use, char ***ret_outputs);

/* Names services that are not installed, with the command that installs them. */
void lab_show_missing(const struct lab_use *use, const bool wanted[LAB_SERVICE_COUNT],
                      struct buf *out);
