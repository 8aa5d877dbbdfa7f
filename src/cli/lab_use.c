/* The beginning and end of each action of `brunt lab`. */
#include "cli/lab_use.h"

#include <errno.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/cli.h"
#include "lab/lab_folder.h"
#include "lab/lab_process.h"

/* ---- services ---- */

static int choose(struct lab_use *use, struct str name)
{
    enum lab_service service = lab_service_find(name);

    if (str_is(name, "all")) {
        memset(use->chosen, true, sizeof(use->chosen));
        return 0;
    }
    if (service == LAB_SERVICE_COUNT) {
        return fault(-EINVAL,
                     "there is no service '%.*s': prometheus, influxdb, graphite, grafana, target, "
                     "or all",
                     STR_ARG(name));
    }
    use->chosen[service] = true;
    return 0;
}

static int choose_all(struct lab_use *use)
{
    struct str name;

    use->chosen_by_name = use->names.n_items > 0;
    if (!use->chosen_by_name)
        return choose(use, STR("all"));
    for (size_t i = 0; i < use->names.n_items; i++) {
        for (struct str rest = str_of(use->names.items[i]); rest.n && str_split(&rest, ',', &name);)
            TRY(choose(use, str_trim(name)));
    }
    return 0;
}

/* ---- opening ---- */

static void take_state(struct lab_use *use)
{
    use->has_state = true;
    use->lab.backend = use->state.backend;
    use->lab.influx_version = use->state.influx_version;
    memcpy(use->lab.ports, use->state.ports, sizeof(use->lab.ports));
}

static int load(struct lab_use *use)
{
    int r = lab_state_load(use->lab.dir, &use->state);

    if (r == LAB_E_NONE) {
        use->state = (struct lab_state){.influx_version = 1};
        lab_boot_id(use->state.boot);
        return 0;
    }
    TRY(r);
    take_state(use);
    return 0;
}

int lab_use_lock(struct lab_use *use)
{
    if (use->lock >= 0)
        return 0;
    TRY(lab_folder_lock(use->lab.dir, &use->lock));
    return load(use);
}

int lab_use_open(struct lab_use *use, enum lab_lock how)
{
    scoped(freep) char *dir = NULL;

    use->lock = -1;
    TRY(lab_dir(use->dir, cli_env, NULL, &dir));
    lab_init(&use->lab, dir);
    TRY(choose_all(use));
    return how == LAB_CHANGE && lab_folder_is_ours(dir) ? lab_use_lock(use) : load(use);
}

void lab_use_close(struct lab_use *use)
{
    if (use->lock > 0)
        close(use->lock);
    use->lock = -1;
    lab_fini(&use->lab);
    opt_list_fini(&use->names);
}

int lab_use_none(const struct lab_use *use)
{
    return fault(-ENOENT, "nothing runs from '%s': `brunt lab up` starts it", use->lab.dir);
}

int lab_use_save(struct lab_use *use)
{
    use->state.backend = use->lab.backend;
    use->state.influx_version = use->lab.influx_version;
    memcpy(use->state.ports, use->lab.ports, sizeof(use->lab.ports));
    lab_boot_id(use->state.boot);
    use->has_state = true;
    return lab_state_save(use->lab.dir, &use->state);
}

int lab_action(const struct opt_table *table, void *object, struct lab_use *use, int argc,
               char **argv, int (*run)(void *object))
{
    struct opt_args args = {0};

    use->lock = -1;
    int r = opt_parse(table, object, argc, argv, &args);

    if (r == OPT_E_HELP) {
        r = cli_help(table, &args);
        args = (struct opt_args){0};
    } else if (r == 0) {
        r = run(object);
    }
    lab_use_close(use);
    opt_args_fini(&args);
    return r;
}
