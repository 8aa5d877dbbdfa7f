/*
 * Three questions come from the server's threads to the main loop: what the run is now, a listener
 * that misses nothing (its first bytes are made there, between two ticks), and what is under /v1/.
 */
#include "cli/run_ui.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/loadtest.h"
#include "cli/main_call.h"
#include "cli/run_api.h"
#include "cli/stop_signals.h"
#include "cli/ui_options.h"
#include "cli/ui_server.h"
#include "loop/coro.h"
#include "loop/loop.h"
#include "report/run_doc.h"
#include "run/control.h"
#include "run/run.h"
#include "web/web_site.h"
#include "web/web_stream.h"

#define LOOK_PERIOD  (250 * NS_PER_MS)
#define LEAVE_PERIOD (3 * NS_PER_S) /* a page that is loaded anew is gone for a moment */

enum {
    FRAME_BYTES_MAX = 256 << 20,
};

struct run_ui {
    struct run_ui_config config;
    struct run_api_target target;
    struct ui_options options;
    struct arena arena; /* of the options */
    struct main_call *call;
    struct ui_server *server;
    struct web_stream *stream;
    struct run_frames *frames; /* NULL: the test has not begun */
    struct buf scratch;
    _Atomic bool is_hurried; /* by a signal, while it lingers */
};

/* ---- the run as it is ---- */

static struct run_doc_live live_of(const struct run *run)
{
    static const char *const stages[] = {
        [RUN_INIT] = "init",         [RUN_SETUP] = "setup", [RUN_SCENARIOS] = "scenarios",
        [RUN_TEARDOWN] = "teardown", [RUN_OVER] = "over",
    };
    enum run_stage stage = run_stage(run);

    return (struct run_doc_live){
        .stage = stages[stage],
        .paused = run_is_paused(run),
        .controllable = stage != RUN_OVER,
    };
}

static const struct store_run *row_of(struct run_ui *ui)
{
    return ui->config.row(ui->config.arg);
}

/* ---- questions of the server's threads ---- */

struct question {
    void (*answer)(struct run_ui *ui, struct question *q); /* on the main loop */
    struct buf *out;
    uint64_t seq;
    struct web_listener *listener;
    const struct web_request *req;
    struct web_answer *ret_answer;
};

static void answer(void *arg, void *question)
{
    struct question *q = question;

    q->answer(arg, q);
}

static void answer_state(struct run_ui *ui, struct question *q)
{
    const struct run_doc_live live = live_of(ui->config.run);
    const struct store_run *row = row_of(ui);

    if (!row)
        return;
    run_doc_put_live_run(row, &live, q->out);
    q->seq = snapshot_ticks(run_snapshot(ui->config.run));
}

static bool get_state(void *self, struct buf *out, uint64_t *ret_seq)
{
    struct question q = {.answer = answer_state, .out = out};

    if (!main_call_ask(((struct run_ui *)self)->call, &q) || !out->len)
        return false;
    *ret_seq = q.seq;
    return true;
}

static void put_entries(struct run_ui *ui, struct buf *out)
{
    scoped(buf_fini) struct buf data = BUF_INIT(FRAME_BYTES_MAX);

    if (ui->frames)
        run_frames_put_entries(ui->frames, &data);
    else
        buf_puts(&data, "{\"seq\":0,\"metrics\":{},\"add\":[]}");
    buf_printf(out, "retry: %d\n", WEB_STREAM_RETRY_MS);
    web_event_put(out, "entries", buf_str(&data));
}

/* {"run": how it ended}: the program may be gone before a page can ask for that. */
static void put_end(struct run_ui *ui, struct buf *out)
{
    const struct run_doc_live live = live_of(ui->config.run);
    const struct store_run *row = row_of(ui);

    buf_puts(out, "{\"run\":");
    if (row)
        run_doc_put_live_run(row, &live, out);
    else
        buf_puts(out, "{}");
    buf_puts(out, "}");
}

static void answer_listen(struct run_ui *ui, struct question *q)
{
    scoped(buf_fini) struct buf first = BUF_INIT(FRAME_BYTES_MAX);

    put_entries(ui, &first);
    if (run_stage(ui->config.run) == RUN_OVER) {
        buf_reset(&ui->scratch);
        put_end(ui, &ui->scratch);
        web_event_put(&first, "end", buf_str(&ui->scratch));
    }
    q->listener = web_stream_join(ui->stream, buf_str(&first));
}

static struct web_listener *listen_to(void *self, bool *ret_is_there)
{
    struct question q = {.answer = answer_listen};

    *ret_is_there = main_call_ask(((struct run_ui *)self)->call, &q);
    return q.listener;
}

static void answer_api(struct run_ui *ui, struct question *q)
{
    web_api_answer(&run_api_ops, &ui->target, q->req, q->ret_answer);
}

static bool use_api(void *self, const struct web_request *req, struct web_answer *ret_answer)
{
    struct question q = {.answer = answer_api, .req = req, .ret_answer = ret_answer};

    return main_call_ask(((struct run_ui *)self)->call, &q);
}

static const struct web_live_ops live_ops = {get_state, listen_to, use_api};

/* ---- ticks ---- */

static void begin_frames(struct run_ui *ui)
{
    mono_ns epoch = run_started_mono(ui->config.run);

    if (!ui->frames && epoch)
        ui->frames = run_frames_new(run_snapshot(ui->config.run), epoch);
}

void run_ui_tick(struct run_ui *ui)
{
    if (!ui)
        return;
    begin_frames(ui);
    if (!ui->frames) {
        web_stream_ping(ui->stream);
        return;
    }
    const struct run_doc_live live = live_of(ui->config.run);

    run_frames_live(ui->frames, &live);
    run_frames_tick(ui->frames);
    if (!web_stream_listeners(ui->stream))
        return;
    buf_reset(&ui->scratch);
    run_frames_put(ui->frames, row_of(ui), &ui->scratch);
    web_stream_publish(ui->stream, "frame", buf_str(&ui->scratch));
}

void run_ui_event(struct run_ui *ui, const struct store_event *e)
{
    if (!ui)
        return;
    begin_frames(ui);
    if (ui->frames)
        run_frames_event(ui->frames, e);
}

void run_ui_end(struct run_ui *ui)
{
    if (!ui)
        return;
    buf_reset(&ui->scratch);
    put_end(ui, &ui->scratch);
    web_stream_publish(ui->stream, "end", buf_str(&ui->scratch));
}

/* ---- the end ---- */

static void on_signal(void *arg, const char *name UNUSED)
{
    atomic_store(&((struct run_ui *)arg)->is_hurried, true);
}

void run_ui_linger(struct run_ui *ui, struct stop_signals *signals)
{
    if (!ui || !cli_is_terminal(STDOUT_FILENO) || !web_stream_listeners(ui->stream))
        return;
    mono_ns seen = loop_clock(ui->config.loop);

    log_info(ui->config.test->log, "the test is over and its page is open; Ctrl-C, or closing the "
                                   "page, ends this");
    stop_signals_tell(signals, on_signal, ui);
    while (!atomic_load(&ui->is_hurried)) {
        mono_ns now = loop_clock(ui->config.loop);

        web_stream_ping(ui->stream);
        if (web_stream_listeners(ui->stream))
            seen = now;
        if (now > seen + LEAVE_PERIOD)
            break;
        ignored(coro_sleep_until(now + LOOK_PERIOD));
    }
    stop_signals_tell(signals, NULL, NULL);
}

/* ---- beginning ---- */

/* Beside the banner, where people look for it; the log when there is none. */
static void say_where(struct run_ui *ui)
{
    const struct loadtest *t = ui->config.test;
    const char *url = ui_server_url(ui->server);

    if (t->plan->options->quiet)
        log_info(t->log, "page at %s", url);
    else
        printf("          page: %s\n\n", url);
    fflush(stdout);
    if (ui->options.opens && !ui_open_browser(url))
        log_warn(t->log, "--open: there is no browser to open the page in; it is at %s", url);
}

static int serve(struct run_ui *ui)
{
    const struct ui_server_config config = {
        .address = ui->options.address,
        .option = ui->options.option,
        .token = ui->config.test->own.ui_token,
        .store = ui->config.store,
        .live = &live_ops,
        .live_self = ui,
    };

    TRY(ui_server_new(&config, &ui->server));
    say_where(ui);
    return 0;
}

bool run_ui_is_wanted(const struct loadtest *t)
{
    struct arena arena = {0};
    struct ui_options options = {0};
    bool is_wanted =
        ui_options_read(&t->own, &t->plan->options->out, cli_env, NULL, &arena, &options) != 0 ||
        options.serves;

    arena_fini(&arena);
    return is_wanted;
}

void run_ui_add_export(struct loadtest *t)
{
    struct ui_options options = {0};
    struct opt_list *reports = &t->own.reports;

    /* What is wrong with them is said when the page is to be served. */
    if (ui_options_read(&t->own, &t->plan->options->out, cli_env, NULL, &t->arena, &options) == 0 &&
        options.export_file)
        vec_push(reports->items, reports->n_items, reports->cap) = options.export_file;
}

int run_ui_new(const struct run_ui_config *config, struct run_ui **ret_ui)
{
    struct run_ui *ui = xnew(struct run_ui);
    int r = ui_options_read(&config->test->own, &config->test->plan->options->out, cli_env, NULL,
                            &ui->arena, &ui->options);

    *ret_ui = NULL;
    if (r < 0 || !ui->options.serves) {
        run_ui_free(ui);
        return r;
    }
    ui->config = *config;
    ui->target = (struct run_api_target){config->test, config->run};
    ui->scratch.limit = FRAME_BYTES_MAX;
    ui->stream = web_stream_new();
    ui->call = main_call_new(config->loop, answer, ui);
    *ret_ui = ui;
    TRY(serve(ui));
    return 0;
}

void run_ui_close(struct run_ui *ui)
{
    if (!ui)
        return;
    main_call_close(ui->call);
    web_stream_end(ui->stream);
    ui_server_free(take(ui->server));
    run_frames_free(take(ui->frames));
}

void run_ui_free(struct run_ui *ui)
{
    if (!ui)
        return;
    main_call_free(ui->call);
    web_stream_unref(ui->stream);
    buf_fini(&ui->scratch);
    arena_fini(&ui->arena);
    free(ui);
}
