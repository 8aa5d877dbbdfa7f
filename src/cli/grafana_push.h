#pragma once
/* The steps of `brunt dashboard push`, each of which finds what there is before it changes it. */
#include "base/opt.h"
#include "cli/grafana_api.h"

struct grafana_push {
    struct grafana grafana;
    const char *folder, *folder_uid, *message;
    struct opt_list datasources; /* "TYPE=URL" */
    struct opt_list inputs;      /* "NAME=UID" */
    bool keep;                   /* 412 rather than overwriting */
    bool dry_run;
    /* Made: */
    char *uid;       /* of the folder; NULL: General; owned */
    json_t *sources; /* what /api/datasources lists; NULL: not asked yet */
};

void grafana_push_fini(struct grafana_push *p);

/* Finds the folder, or makes it. Says what it did. */
MUST_USE int grafana_push_folder(struct grafana_push *p);

/* Makes those data sources of `datasources` that are not there. */
MUST_USE int grafana_push_datasources(struct grafana_push *p);

/* One dashboard; `label` is its file's name. */
MUST_USE int grafana_push_dashboard(struct grafana_push *p, const char *label, struct str text);
