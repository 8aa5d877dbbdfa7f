#pragma once
/*
 * What a receiver of OTLP answered, and what that means for the points (specification of OTLP/HTTP,
 * sections "Full Success", "Partial Success" and "Failures"). Any bytes may be given.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"
#include "sink/push.h"

/* An ExportMetricsServiceResponse. */
struct otlp_success {
    uint64_t n_rejected;
    struct str message; /* into the bytes read; n 0: none */
};

/* False when the bytes are none; no bytes at all are full success. */
bool otlp_success_parse(struct str body, struct otlp_success *ret_success);

/* The message of a google.rpc.Status, into the bytes read; false when they are none or it has no
 * message. */
bool otlp_status_parse(struct str body, struct str *ret_message);

struct otlp_rules {
    size_t n_points; /* that were sent */
    bool retry_500;  /* OTLP forbids it: the receiver may have stored them */
};

/* What became of the points. */
void otlp_judge(const struct otlp_rules *rules, const struct push_answer *answer,
                struct push_result *ret_result);
