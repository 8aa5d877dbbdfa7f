/* Lines of words, each kind by a function of its own. */
#include "lab/lab_state.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "lab/lab_config.h"
#include "lab/lab_process.h"

static const char *const backends[] = {[LAB_NATIVE] = "native", [LAB_COMPOSE] = "compose"};

void lab_state_put(const struct lab_state *state, struct buf *out)
{
    buf_printf(out, "brunt-lab 1\nboot %s\nbackend %s\ninfluxdb %d\n", state->boot,
               backends[state->backend], state->influx_version);
    for (size_t i = 0; i < LAB_SERVICE_COUNT; i++) {
        if (state->services[i])
            buf_printf(out, "service %s\n", lab_services[i].name);
    }
    for (size_t i = 0; i < LAB_PORT_COUNT; i++)
        buf_printf(out, "port %s %d\n", lab_ports[i].name, state->ports[i]);
    for (size_t i = 0; i < LAB_PROGRAM_COUNT; i++) {
        const struct lab_process *p = &state->processes[i];

        if (p->pid) {
            buf_printf(out, "process %s %d %llu\n", lab_programs[i].name, p->pid,
                       (unsigned long long)p->started);
        }
    }
}

/* ---- reading ---- */

enum {
    WORDS_MAX = 4,
};

typedef void(line_fn)(struct lab_state *state, const struct str words[WORDS_MAX]);

static void read_boot(struct lab_state *state, const struct str words[WORDS_MAX])
{
    if (words[1].n && words[1].n < sizeof(state->boot))
        memcpy(state->boot, words[1].p, words[1].n);
}

static void read_backend(struct lab_state *state, const struct str words[WORDS_MAX])
{
    state->backend = str_is(words[1], "compose") ? LAB_COMPOSE : LAB_NATIVE;
}

static void read_influxdb(struct lab_state *state, const struct str words[WORDS_MAX])
{
    state->influx_version = str_is(words[1], "2") ? 2 : 1;
}

static void read_service(struct lab_state *state, const struct str words[WORDS_MAX])
{
    enum lab_service service = lab_service_find(words[1]);

    if (service < LAB_SERVICE_COUNT)
        state->services[service] = true;
}

static void read_port(struct lab_state *state, const struct str words[WORDS_MAX])
{
    enum lab_port port = lab_port_find(words[1]);
    uint64_t number;

    if (port < LAB_PORT_COUNT && str_u64(words[2], &number) && number > 0 && number <= UINT16_MAX)
        state->ports[port] = (uint16_t)number;
}

static void read_process(struct lab_state *state, const struct str words[WORDS_MAX])
{
    enum lab_program program = lab_program_find(words[1]);
    uint64_t pid, started;

    /* Signals to 0, 1 and below would go to others than a child of ours. */
    if (program < LAB_PROGRAM_COUNT && str_u64(words[2], &pid) && pid > 1 && pid <= INT32_MAX &&
        str_u64(words[3], &started))
        state->processes[program] = (struct lab_process){(int32_t)pid, started};
}

static const struct {
    const char *word;
    line_fn *read;
} lines[] = {
    {"boot", read_boot},       {"backend", read_backend}, {"influxdb", read_influxdb},
    {"service", read_service}, {"port", read_port},       {"process", read_process},
};

static void read_line(struct lab_state *state, struct str line)
{
    struct str words[WORDS_MAX] = {0};

    for (size_t n = 0; n < WORDS_MAX && line.n && str_split(&line, ' ', &words[n]);)
        n++;
    for (size_t i = 0; i < countof(lines); i++) {
        if (str_is(words[0], lines[i].word))
            lines[i].read(state, words);
    }
}

int lab_state_parse(struct str text, struct lab_state *ret_state)
{
    struct lab_state state = {.influx_version = 1};
    struct str line;

    for (size_t i = 0; i < LAB_PORT_COUNT; i++)
        state.ports[i] = lab_ports[i].number;
    if (!text.n || !str_split(&text, '\n', &line) || !str_is(line, "brunt-lab 1"))
        return fault(-EINVAL, "it does not begin with 'brunt-lab 1'");
    while (text.n && str_split(&text, '\n', &line))
        read_line(&state, line);
    *ret_state = state;
    return 0;
}

/* ---- the file ---- */

static char *path_in(const char *dir)
{
    return xasprintf("%s/state", dir);
}

static int load(const char *path, struct lab_state *ret_state)
{
    scoped(buf_fini) struct buf text = {0};

    TRY(lab_read_file(path, LAB_STATE_BYTES_MAX, &text));
    int r = lab_state_parse(buf_str(&text), ret_state);

    if (r) {
        scoped(freep) char *why = xstrdup(fault_text());

        return fault(r, "'%s' is no state of a lab: %s; end what runs by hand and remove it", path,
                     why);
    }
    return 0;
}

int lab_state_load(const char *dir, struct lab_state *ret_state)
{
    scoped(freep) char *path = path_in(dir);
    char boot[LAB_BOOT_BYTES];

    if (access(path, F_OK) != 0)
        return LAB_E_NONE;
    TRY(load(path, ret_state));
    lab_boot_id(boot);
    if (strcmp(boot, ret_state->boot) != 0) {
        for (size_t i = 0; i < LAB_PROGRAM_COUNT; i++)
            ret_state->processes[i] = (struct lab_process){0};
    }
    return 0;
}

int lab_state_save(const char *dir, const struct lab_state *state)
{
    scoped(freep) char *path = path_in(dir);
    scoped(buf_fini) struct buf text = {0};

    lab_state_put(state, &text);
    return lab_replace_file(path, buf_str(&text), 0644);
}

int lab_state_remove(const char *dir)
{
    scoped(freep) char *path = path_in(dir);

    if (unlink(path) < 0 && errno != ENOENT)
        return fault(-errno, "cannot remove '%s': %m", path);
    return 0;
}
