/* Whether the generator kept up: what it could not do, or did late, is no fault of the target. */
#include "dashboard/boards_priv.h"

/* clang-format off */

#define PROM_GRAPHITE (IN(PROMETHEUS) | IN(GRAPHITE))

static const struct board_panel verdict[] = {
    {.kind = PANEL_STAT, .title = "Started late", .unit = UNIT_SHARE, .decimals = 2, .min = "0", .max = "1",
     .about = "Share of iterations with an arrival rate that started more than 5 ms late. From 1 % on the run's verdict is invalid: its times are the generator's too. Without scenarios with an arrival rate it is empty.",
     GOOD_BELOW(0.001, 0.01), .only = PROM_GRAPHITE, .without = "InfluxDB is not told of late starts.",
     QUERIES({.ask = ASK_SHARE, .metric = "generator_late_starts"})},
    {.kind = PANEL_STAT, .title = "Dropped iterations", .unit = UNIT_NUMBER,
     .about = "Iterations that were due and never started, since the start of the run: too few virtual users for the rate, or too slow a target.",
     .notes = {[DIALECT_INFLUXQL] = "Empty while there are none.", [DIALECT_FLUX] = "Empty while there are none."},
     STEPS({0, COLOR_GREEN}, {1, COLOR_RED}),
     QUERIES({.ask = ASK_TOTAL, .metric = "dropped_iterations"})},
    {.kind = PANEL_STAT, .title = "Busiest loop", .unit = UNIT_SHARE, .min = "0", .max = "1",
     .about = "Share of the time in which the busiest of the threads that generate load did not wait. Yellow from 70 %, red from 85 %: use more cores or fewer users.",
     GOOD_BELOW(0.7, 0.85),
     QUERIES({.ask = ASK_VALUE, .join = JOIN_MAX, .metric = "generator_busy"})},
    {.kind = PANEL_STAT, .title = "Taken by the host", .unit = UNIT_SHARE, .min = "0", .max = "1",
     .about = "Share of the machine's time that its host gave to others (steal).",
     GOOD_BELOW(0.02, 0.1),
     QUERIES({.ask = ASK_VALUE, .join = JOIN_MAX, .metric = "generator_steal"})},
    {.kind = PANEL_STAT, .title = "Memory", .unit = UNIT_BYTES,
     .about = "Memory that the generator's process holds.",
     QUERIES({.ask = ASK_VALUE, .metric = "generator_memory"})},
    {.kind = PANEL_STAT, .title = "Loops", .unit = UNIT_NUMBER,
     .about = "Threads that generate load.", .only = PROM_GRAPHITE,
     .without = "InfluxDB is not told how many loops there are: count the lines below.",
     QUERIES({.ask = ASK_VALUE, .metric = "loops"})},
};

static const struct board_panel load[] = {
    {.kind = PANEL_TIMESERIES, .title = "Lag of iterations", .unit = UNIT_TIME, .min = "0",
     .about = "From the instant at which an iteration was due to its start. Empty without an arrival rate.",
     GOOD_BELOW(0.005, 0.05), .lines_at_steps = true, .notes = {[DIALECT_GRAPHITE] = WORST_OF_SERIES},
     QUERIES({.ask = ASK_QUANTILE, .q = 0.5, .metric = "iteration_lag", .legend = "p50"},
             {.ask = ASK_QUANTILE, .q = 0.95, .metric = "iteration_lag", .legend = "p95"},
             {.ask = ASK_QUANTILE, .q = 0.99, .metric = "iteration_lag", .legend = "p99"},
             {.ask = ASK_MAX, .metric = "iteration_lag", .legend = "max"})},
    {.kind = PANEL_TIMESERIES, .title = "Late and dropped", .unit = UNIT_PER_SECOND, .min = "0",
     .about = "Iterations a second that started more than 5 ms late, and those that never started.",
     .notes = {[DIALECT_INFLUXQL] = "InfluxDB is not told of late starts, and of dropped ones only when there are some.", [DIALECT_FLUX] = "InfluxDB is not told of late starts, and of dropped ones only when there are some."},
     QUERIES({.ask = ASK_RATE, .metric = "dropped_iterations", .legend = "dropped"},
             {.ask = ASK_RATE, .metric = "generator_late_starts", .legend = "late", .only = PROM_GRAPHITE})},
    {.kind = PANEL_TIMESERIES, .title = "Length of a loop's turn", .unit = UNIT_TIME, .min = "0",
     .about = "For so long an event may have waited because its loop was at something else: that much of the measured times can be the generator's own.",
     .only = PROM_GRAPHITE, .without = "InfluxDB gets single samples, and turns of a loop are only counted. `-o prometheus` and `-o graphite` have them.",
     .notes = {[DIALECT_GRAPHITE] = WORST_OF_SERIES},
     QUERIES({.ask = ASK_QUANTILE, .q = 0.5, .metric = "generator_turn_time", .legend = "p50"},
             {.ask = ASK_QUANTILE, .q = 0.99, .metric = "generator_turn_time", .legend = "p99"},
             {.ask = ASK_MAX, .metric = "generator_turn_time", .legend = "max"})},
    {.kind = PANEL_TIMESERIES, .title = "Lateness of timers", .unit = UNIT_TIME, .min = "0",
     .about = "How late a loop noticed that timers were due.",
     .only = PROM_GRAPHITE, .without = "InfluxDB gets single samples, and timers are only counted. `-o prometheus` and `-o graphite` have them.",
     .notes = {[DIALECT_GRAPHITE] = WORST_OF_SERIES},
     QUERIES({.ask = ASK_QUANTILE, .q = 0.5, .metric = "generator_loop_lag", .legend = "p50"},
             {.ask = ASK_QUANTILE, .q = 0.99, .metric = "generator_loop_lag", .legend = "p99"},
             {.ask = ASK_MAX, .metric = "generator_loop_lag", .legend = "max"})},
};

static const struct board_panel machine[] = {
    {.kind = PANEL_TIMESERIES, .title = "Loops: busy", .unit = UNIT_SHARE, .min = "0", .max = "1",
     .about = "Share of the time in which each loop did not wait.", GOOD_BELOW(0.7, 0.85), .lines_at_steps = true,
     QUERIES({.ask = ASK_VALUE, .join = JOIN_MAX, .metric = "generator_busy", .by = "loop", .legend = "loop {loop}"})},
    {.kind = PANEL_TIMESERIES, .title = "Loops: processor", .unit = UNIT_SHARE, .min = "0",
     .about = "Share of the time in which each loop's thread was on a processor; and in which it was ready and another thread had the processor.",
     QUERIES({.ask = ASK_VALUE, .join = JOIN_MAX, .metric = "generator_cpu", .by = "loop", .legend = "on it: loop {loop}"},
             {.ask = ASK_VALUE, .join = JOIN_MAX, .metric = "generator_run_queue_wait", .by = "loop", .legend = "waiting for it: loop {loop}"})},
    {.kind = PANEL_TIMESERIES, .title = "Machine", .unit = UNIT_SHARE, .min = "0",
     .about = "Share of the machine's time that its host gave to others; and, in containers with a quota, share of the time in which it was used up.",
     QUERIES({.ask = ASK_VALUE, .join = JOIN_MAX, .metric = "generator_steal", .legend = "given to others"},
             {.ask = ASK_RATE, .metric = "generator_throttled", .legend = "quota used up", .only = PROM_GRAPHITE})},
    {.kind = PANEL_TIMESERIES, .title = "Script and its garbage", .unit = UNIT_SHARE, .min = "0",
     .about = "Seconds a second that all loops together spend inside the script's code, and in collecting its garbage, when some was.",
     QUERIES({.ask = ASK_RATE, .metric = "generator_script_time", .legend = "script", .only = PROM_GRAPHITE},
             {.ask = ASK_RATE, .metric = "generator_gc_time", .legend = "garbage", .only = PROM_GRAPHITE},
             {.ask = ASK_RATE, .metric = "generator_script_time", .scale = 0.001, .legend = "script", .only = IN_INFLUX})},
    {.kind = PANEL_TIMESERIES, .title = "Files and sockets", .unit = UNIT_NUMBER, .min = "0",
     .about = "Descriptors that the process has open, and TCP sockets of the machine, those in TIME-WAIT with them.",
     QUERIES({.ask = ASK_VALUE, .metric = "generator_descriptors", .legend = "descriptors"},
             {.ask = ASK_VALUE, .metric = "generator_sockets", .legend = "sockets"})},
    {.kind = PANEL_TIMESERIES, .title = "Memory", .unit = UNIT_BYTES, .min = "0",
     .about = "Memory that the process holds.",
     QUERIES({.ask = ASK_VALUE, .metric = "generator_memory", .legend = "memory"})},
};

static const struct board_panel outputs[] = {
    {.kind = PANEL_TIMESERIES, .title = "Points", .unit = UNIT_PER_SECOND, .min = "0",
     .about = "Points a second that each output was given, that its receiver has, and that were lost. Only outputs that send are here; a scraped endpoint has no queue.",
     .notes = {[DIALECT_GRAPHITE] = "Among them this one."},
     QUERIES({.ask = ASK_RATE, .metric = "sink_points", .by = "sink, state", .match = "sink=~.+", .legend = "{sink} {state}"})},
    {.kind = PANEL_TIMESERIES, .title = "Waiting to be delivered", .unit = UNIT_NUMBER, .min = "0",
     .about = "Points that wait in memory and on disk. Growing: the receiver is away or too slow; see brunt spool. Empty where no output sends.",
     QUERIES({.ask = ASK_VALUE, .metric = "sink_backlog", .by = "sink, place", .match = "sink=~.+", .legend = "{sink} {place}"})},
};

static const struct board_row rows[] = {
    {.title = "Can the numbers be trusted", PANELS(verdict)},
    {.title = "What was late", PANELS(load)},
    {.title = "Loops and machine", PANELS(machine)},
    {.title = "Outputs", PANELS(outputs)},
};

const struct board board_generator = {
    .name = "generator",
    .uid = "brunt-generator",
    .title = "brunt: generator health",
    .about = "Whether the load generator itself kept up: what it started late or not at all, its threads, its machine and its outputs.",
    .tags = "brunt, load-testing, generator",
    .from = "now-15m",
    .refresh = "5s",
    .asks = {
        [DIALECT_PROMETHEUS] = "brunt run -o prometheus (scraped) or -o remote-write",
        [DIALECT_INFLUXQL] = "brunt run -o influxdb, every sample (not samples=aggregate)",
        [DIALECT_FLUX] = "brunt run -o xk6-influxdb, every sample (not samples=aggregate)",
        [DIALECT_GRAPHITE] = "brunt run -o graphite",
    },
    ROWS(rows),
};
/* clang-format on */
