#pragma once
/*
 * Signatures of Amazon Web Services, version 4, over headers Host and X-Amz-Date and the whole
 * body: what Amazon's managed Prometheus wants of remote write.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"

enum {
    SIGV4_DATE_BYTES = 17, /* "20150830T123600Z", NUL-terminated */
};

struct sigv4_key {
    const char *access_key, *secret_key;
    const char *region;  /* "eu-west-1" */
    const char *service; /* "aps" */
};

/* What is signed. */
struct sigv4_request {
    struct str method;
    struct str host;  /* as in the Host header */
    struct str path;  /* as it is sent, escaped; begins with a slash */
    struct str query; /* as it is sent, without the question mark */
    struct str body;
    wall_ns at;
};

/*
 * Gives the value of X-Amz-Date and appends that of Authorization. Returns 0, or a fault when the
 * system's OpenSSL refuses SHA-256.
 */
MUST_USE int sigv4_sign(const struct sigv4_key *key, const struct sigv4_request *request,
                        char ret_date[SIGV4_DATE_BYTES], struct buf *authorization);
