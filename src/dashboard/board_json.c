/*
 * A whole dashboard. Panels are laid out as text is: from the left, and below when a line is full;
 * a row begins below everything before it. Ids are counted from 1 in the order of the file.
 */
#include <errno.h>

#include "dashboard/board_priv.h"

enum {
    SCHEMA_VERSION = 41,
    TEXT_HEIGHT = 3, /* of the note that stands for a panel that is missing */
};

/* Where panels of a row go. */
struct cursor {
    unsigned x, y, line_h;
};

struct place {
    unsigned x, y, w, h;
};

const char *dialect_title(enum dialect d)
{
    static const char *const titles[DIALECT_COUNT] = {
        [DIALECT_PROMETHEUS] = "Prometheus",
        [DIALECT_INFLUXQL] = "InfluxDB, InfluxQL",
        [DIALECT_FLUX] = "InfluxDB, Flux",
        [DIALECT_GRAPHITE] = "Graphite",
    };

    return titles[d];
}

const char *dialect_plugin(enum dialect d)
{
    static const char *const plugins[DIALECT_COUNT] = {
        [DIALECT_PROMETHEUS] = "prometheus",
        [DIALECT_INFLUXQL] = "influxdb",
        [DIALECT_FLUX] = "influxdb",
        [DIALECT_GRAPHITE] = "graphite",
    };

    return plugins[d];
}

/* Of the input in shared dashboards. */
static const char *input_name(enum dialect d)
{
    static const char *const names[DIALECT_COUNT] = {
        [DIALECT_PROMETHEUS] = "DS_PROMETHEUS",
        [DIALECT_INFLUXQL] = "DS_INFLUXDB",
        [DIALECT_FLUX] = "DS_INFLUXDB",
        [DIALECT_GRAPHITE] = "DS_GRAPHITE",
    };

    return names[d];
}

void board_put_uid(const struct board *b, enum dialect d, struct buf *out)
{
    buf_puts(out, b->uid);
    if (d != DIALECT_PROMETHEUS)
        buf_printf(out, "-%s", dialect_name(d));
}

void board_put_source(struct board_writer *w)
{
    struct json_out *j = w->json;
    struct buf uid = {0};

    buf_printf(&uid, "${%s}", w->form->share ? input_name(w->form->dialect) : "datasource");
    json_open_object(j);
    put_text(j, "type", dialect_plugin(w->form->dialect));
    json_key(j, "uid");
    json_put_str(j, buf_str(&uid));
    json_close(j);
    buf_fini(&uid);
}

/* ---- layout ---- */

static struct place place_next(struct cursor *c, unsigned w, unsigned h)
{
    if (c->x + w > BOARD_COLUMNS) {
        c->x = 0;
        c->y += c->line_h;
        c->line_h = 0;
    }
    struct place at = {c->x, c->y, w, h};

    c->x += w;
    c->line_h = h > c->line_h ? h : c->line_h;
    return at;
}

static void put_place(struct json_out *j, struct place at)
{
    open_object(j, "gridPos");
    put_number(j, "h", at.h);
    put_number(j, "w", at.w);
    put_number(j, "x", at.x);
    put_number(j, "y", at.y);
    json_close(j);
}

static unsigned width_of(const struct board_panel *p)
{
    bool is_small = p->kind == PANEL_STAT || p->kind == PANEL_GAUGE;

    return p->w ? p->w : is_small ? 4 : p->kind == PANEL_TEXT || p->kind == PANEL_TABLE ? 24 : 12;
}

static unsigned height_of(const struct board_panel *p)
{
    bool is_small = p->kind == PANEL_STAT || p->kind == PANEL_GAUGE;

    return p->h ? p->h : is_small ? 4 : p->kind == PANEL_TEXT ? TEXT_HEIGHT : 8;
}

/* ---- panels ---- */

static const char *const kinds[] = {
    [PANEL_TIMESERIES] = "timeseries",
    [PANEL_STAT] = "stat",
    [PANEL_GAUGE] = "gauge",
    [PANEL_BARGAUGE] = "bargauge",
    [PANEL_TABLE] = "table",
    [PANEL_HEATMAP] = "heatmap",
    [PANEL_TEXT] = "text",
};

static void put_description(struct board_writer *w, const struct board_panel *p)
{
    const char *note = p->notes[w->form->dialect];
    struct buf text = {0};

    buf_printf(&text, "%s%s%s", p->about ? p->about : "", note && p->about ? " " : "",
               note ? note : "");
    json_key(w->json, "description");
    json_put_str(w->json, buf_str(&text));
    buf_fini(&text);
}

static void begin_panel(struct board_writer *w, const struct board_panel *p, const char *kind,
                        struct place at)
{
    struct json_out *j = w->json;

    json_open_object(j);
    put_number(j, "id", w->next_id++);
    put_text(j, "type", kind);
    put_text(j, "title", p->title ? p->title : "");
    put_description(w, p);
    put_place(j, at);
    put_truth(j, "transparent", false);
}

static void put_markdown(struct board_writer *w, const char *text)
{
    struct json_out *j = w->json;

    open_object(j, "options");
    put_text(j, "mode", "markdown");
    put_text(j, "content", text);
    json_close(j);
}

static void put_text_panel(struct board_writer *w, const struct board_panel *p, const char *text,
                           struct place at)
{
    begin_panel(w, p, "text", at);
    put_markdown(w, text);
    json_close(w->json);
}

static int put_data_panel(struct board_writer *w, const struct board_panel *p, struct place at)
{
    struct json_out *j = w->json;

    begin_panel(w, p, kinds[p->kind], at);
    json_key(j, "datasource");
    board_put_source(w);
    if (w->form->dialect == DIALECT_INFLUXQL || w->form->dialect == DIALECT_FLUX)
        put_text(j, "interval", "1s"); /* steps shorter than that have few samples */
    TRY(board_put_targets(w, p));
    board_put_looks(w, p);
    if (p->kind == PANEL_TABLE)
        board_put_transformations(w, p);
    json_close(j);
    return 0;
}

/* What a dialect does not have is said where it would be. */
static int put_panel(struct board_writer *w, const struct board_panel *p, struct cursor *c)
{
    bool is_there = dialect_in(p->only, w->form->dialect);

    if (!is_there && !p->without)
        return fault(-EINVAL, "panel '%s' does not say why it is not everywhere", p->title);
    if (!is_there && p->without[0] == '-')
        return 0;
    if (is_there && p->kind != PANEL_TEXT && !p->about)
        return fault(-EINVAL, "panel '%s' has no description", p->title);
    struct place at = place_next(c, width_of(p), is_there ? height_of(p) : TEXT_HEIGHT);

    if (!is_there) {
        put_text_panel(w, p, p->without, at);
        return 0;
    }
    if (p->kind == PANEL_TEXT) {
        put_text_panel(w, p, p->markdown, at);
        return 0;
    }
    return put_data_panel(w, p, at);
}

static int put_panels(struct board_writer *w, const struct board_row *row)
{
    struct cursor c = {.y = w->y};

    for (size_t i = 0; i < row->n_panels; i++)
        TRY(put_panel(w, &row->panels[i], &c));
    w->y = c.y + c.line_h;
    return 0;
}

static int put_row(struct board_writer *w, const struct board_row *row)
{
    struct json_out *j = w->json;

    json_open_object(j);
    put_number(j, "id", w->next_id++);
    put_text(j, "type", "row");
    put_text(j, "title", row->title);
    put_truth(j, "collapsed", row->collapsed);
    put_place(j, (struct place){0, w->y++, BOARD_COLUMNS, 1});
    open_array(j, "panels");
    if (row->collapsed)
        TRY(put_panels(w, row));
    json_close(j);
    json_close(j);
    return row->collapsed ? 0 : put_panels(w, row);
}

static int put_rows(struct board_writer *w)
{
    open_array(w->json, "panels");
    for (size_t i = 0; i < w->board->n_rows; i++) {
        const struct board_row *row = &w->board->rows[i];

        if (!dialect_in(row->only, w->form->dialect))
            continue;
        if (row->title) {
            TRY(put_row(w, row));
        } else {
            TRY(put_panels(w, row));
        }
    }
    json_close(w->json);
    return 0;
}

/* ---- the rest ---- */

static void put_required(struct json_out *j, const char *type, const char *id, const char *name,
                         const char *version)
{
    json_open_object(j);
    put_text(j, "type", type);
    put_text(j, "id", id);
    put_text(j, "name", name);
    put_text(j, "version", version);
    json_close(j);
}

static bool has_kind(const struct board *b, enum panel_kind kind)
{
    for (size_t i = 0; i < b->n_rows; i++) {
        for (size_t k = 0; k < b->rows[i].n_panels; k++) {
            if (b->rows[i].panels[k].kind == kind)
                return true;
        }
    }
    return false;
}

/* What grafana.com wants to know of a dashboard that is shared. */
static void put_sharing(struct board_writer *w)
{
    static const struct {
        const char *id, *name;
    } panels[] = {
        [PANEL_TIMESERIES] = {"timeseries", "Time series"},
        [PANEL_STAT] = {"stat", "Stat"},
        [PANEL_GAUGE] = {"gauge", "Gauge"},
        [PANEL_BARGAUGE] = {"bargauge", "Bar gauge"},
        [PANEL_TABLE] = {"table", "Table"},
        [PANEL_HEATMAP] = {"heatmap", "Heatmap"},
        [PANEL_TEXT] = {"text", "Text"},
    };
    static const char *const names[DIALECT_COUNT] = {"Prometheus", "InfluxDB", "InfluxDB",
                                                     "Graphite"};
    struct json_out *j = w->json;
    enum dialect d = w->form->dialect;

    open_array(j, "__inputs");
    json_open_object(j);
    put_text(j, "name", input_name(d));
    put_text(j, "label", names[d]);
    put_text(j, "description", dialect_title(d));
    put_text(j, "type", "datasource");
    put_text(j, "pluginId", dialect_plugin(d));
    put_text(j, "pluginName", names[d]);
    json_close(j);
    json_close(j);
    open_array(j, "__requires");
    put_required(j, "grafana", "grafana", "Grafana", "10.4.0");
    put_required(j, "datasource", dialect_plugin(d), names[d], "1.0.0");
    for (enum panel_kind kind = 0; kind < countof(panels); kind++) {
        if (has_kind(w->board, kind))
            put_required(j, "panel", panels[kind].id, panels[kind].name, "");
    }
    json_close(j);
}

static void put_tags(struct json_out *j, const char *tags)
{
    struct str rest = str_of(tags), part;

    open_array(j, "tags");
    while (rest.n && str_split(&rest, ',', &part))
        json_put_str(j, str_trim(part));
    json_close(j);
}

/* To the other boards, with the time and the variables of this one. */
static void put_links(struct json_out *j)
{
    open_array(j, "links");
    json_open_object(j);
    put_truth(j, "asDropdown", true);
    put_text(j, "icon", "external link");
    put_truth(j, "includeVars", true);
    put_truth(j, "keepTime", true);
    put_tags(j, "brunt");
    put_truth(j, "targetBlank", false);
    put_text(j, "title", "brunt");
    put_text(j, "tooltip", "The other dashboards of brunt");
    put_text(j, "type", "dashboards");
    put_text(j, "url", "");
    json_close(j);
    json_close(j);
}

static void put_time(struct board_writer *w)
{
    struct json_out *j = w->json;

    open_object(j, "time");
    put_text(j, "from", w->board->from);
    put_text(j, "to", "now");
    json_close(j);
    open_object(j, "timepicker");
    json_close(j);
    put_text(j, "timezone", "browser");
}

static void put_names(struct board_writer *w)
{
    struct json_out *j = w->json;
    enum dialect d = w->form->dialect;
    struct buf text = {0};

    buf_puts(&text, w->board->title);
    if (d != DIALECT_PROMETHEUS)
        buf_printf(&text, " (%s)", dialect_title(d));
    json_key(j, "title");
    json_put_str(j, buf_str(&text));
    buf_reset(&text);
    board_put_uid(w->board, d, &text);
    json_key(j, "uid");
    json_put_str(j, buf_str(&text));
    buf_fini(&text);
    put_number(j, "version", 1);
}

static void put_about(struct board_writer *w)
{
    const char *asks = w->board->asks[w->form->dialect];
    struct buf text = {0};

    buf_puts(&text, w->board->about);
    if (asks)
        buf_printf(&text, " Data: %s.", asks);
    json_key(w->json, "description");
    json_put_str(w->json, buf_str(&text));
    buf_fini(&text);
}

static int put_board(struct board_writer *w)
{
    struct json_out *j = w->json;

    json_open_object(j);
    if (w->form->share)
        put_sharing(w);
    TRY(board_put_annotations(w));
    put_about(w);
    put_truth(j, "editable", false);
    put_number(j, "fiscalYearStartMonth", 0);
    put_number(j, "graphTooltip", 1);
    json_key(j, "id");
    json_put_null(j);
    put_links(j);
    TRY(put_rows(w));
    put_text(j, "refresh", w->board->refresh);
    put_number(j, "schemaVersion", SCHEMA_VERSION);
    put_tags(j, w->board->tags);
    TRY(board_put_variables(w));
    put_time(w);
    put_names(w);
    json_close(j);
    return 0;
}

int board_json(const struct board *b, const struct board_form *form, struct buf *out)
{
    struct json_out j = JSON_OUT(out, 2);
    struct board_writer w = {.board = b, .form = form, .json = &j, .next_id = 1};

    if (!board_is_for(b, form->dialect)) {
        return fault(-EINVAL, "there is no dashboard %s for %s", b->name,
                     dialect_name(form->dialect));
    }
    TRY(put_board(&w));
    buf_putc(out, '\n');
    return 0;
}
