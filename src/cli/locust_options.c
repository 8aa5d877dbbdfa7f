#include "cli/locust_options.h"

/* clang-format off */
#define FLAG(group_, name_, short_, env_, help_) \
    {.name = name_, .short_name = short_, .type = OPT_FLAG, .env = env_, .group = group_, .help = help_},
#define TEXT(group_, name_, short_, env_, value_, hint_, help_) \
    {.name = name_, .short_name = short_, .type = OPT_STRING, .env = env_, .value_name = value_, \
     .hint = OPT_HINT_##hint_, .group = group_, .help = help_},

static const struct opt_row rows[] = {
    TEXT("Common options", "locustfile", 'f', "LOCUST_LOCUSTFILE", "FILE,...", FILE,
         "files, or a folder of them; - is standard input (locustfile.py)")
    TEXT("Common options", "config", 0, NULL, "FILE", FILE,
         "a file of settings: users = 10")
    TEXT("Common options", "host", 'H', "LOCUST_HOST", "URL", NONE,
         "what paths are added to: http://10.0.0.1")
    TEXT("Common options", "users", 'u', "LOCUST_USERS", "N", NONE,
         "users at the peak (1)")
    TEXT("Common options", "spawn-rate", 'r', "LOCUST_SPAWN_RATE", "N", NONE,
         "users that begin each second (1)")
    TEXT("Common options", "run-time", 't', "LOCUST_RUN_TIME", "TIME", NONE,
         "how long: 20, 20s, 3m, 1h20m (until stopped)")
    FLAG("Common options", "list", 'l', NULL,
         "show the User classes and end")
    TEXT("Common options", "config-users", 0, "LOCUST_CONFIG_USERS", "JSON...", NONE,
         "what classes get, as {\"user_class_name\": \"X\", \"weight\": 2}; a list of such, or a file")
    FLAG("Common options", "equal-weights", 0, NULL,
         "classes of users are equally many")
    FLAG("Web options", "headless", 0, "LOCUST_HEADLESS",
         "no web page: begin at once")
    FLAG("Web options", "autostart", 0, "LOCUST_AUTOSTART",
         "begin at once, with the web page")
    TEXT("Web options", "autoquit", 0, "LOCUST_AUTOQUIT", "SECONDS", NONE,
         "with --autostart: end so long after the test")
    TEXT("Web options", "web-host", 0, "LOCUST_WEB_HOST", "IP", NONE,
         "where the web page and API are served; * is all addresses (this machine only)")
    TEXT("Web options", "web-port", 'P', "LOCUST_WEB_PORT", "PORT", NONE,
         "at which port (8089); 0 is a free one. With --headless only when it is given")
    TEXT("Web options", "web-base-path", 0, "LOCUST_WEB_BASE_PATH", "/PATH", NONE,
         "below which path")
    FLAG("Web options", "class-picker", 0, "LOCUST_USERCLASS_PICKER",
         "let the web page choose classes")
    TEXT("Processes", "processes", 0, "LOCUST_PROCESSES", "N", NONE,
         "send the load from N processes (-1: one for each processor, which is the default)")
    TEXT("Tags", "tags", 'T', "LOCUST_TAGS", "TAG...", NONE,
         "only tasks with any of these tags")
    TEXT("Tags", "exclude-tags", 'E', "LOCUST_EXCLUDE_TAGS", "TAG...", NONE,
         "no tasks with any of these")
    TEXT("Statistics", "csv", 0, "LOCUST_CSV", "PREFIX", FILE,
         "write PREFIX_stats.csv, PREFIX_stats_history.csv, PREFIX_failures.csv and PREFIX_exceptions.csv")
    FLAG("Statistics", "csv-full-history", 0, "LOCUST_CSV_FULL_HISTORY",
         "a line for each name in the history, not only for all together")
    TEXT("Statistics", "html", 0, "LOCUST_HTML", "FILE", FILE,
         "write a report; {u}, {r} and {t} in the name become users, spawn rate and run time")
    FLAG("Statistics", "json", 0, NULL,
         "print the statistics as JSON at the end")
    TEXT("Statistics", "json-file", 0, NULL, "NAME", FILE,
         "write them to NAME.json")
    FLAG("Statistics", "print-stats", 0, "LOCUST_PRINT_STATS",
         "show Locust's table while the test runs")
    FLAG("Statistics", "only-summary", 0, "LOCUST_ONLY_SUMMARY",
         "show it at the end only")
    FLAG("Statistics", "reset-stats", 0, "LOCUST_RESET_STATS",
         "start over once all users are there")
    TEXT("Logging", "loglevel", 'L', "LOCUST_LOGLEVEL", "LEVEL", NONE,
         "of Python's logging: DEBUG, INFO, WARNING, ERROR, CRITICAL (INFO)")
    TEXT("Logging", "logfile", 0, "LOCUST_LOGFILE", "FILE", FILE,
         "where that goes (standard error)")
    FLAG("Logging", "skip-log-setup", 0, "LOCUST_SKIP_LOG_SETUP",
         "leave logging to the file")
    TEXT("Other options", "stop-timeout", 's', "LOCUST_STOP_TIMEOUT", "TIME", NONE,
         "how long tasks may go on when the test ends (0)")
    TEXT("Other options", "exit-code-on-error", 0, "LOCUST_EXIT_CODE_ON_ERROR", "N", NONE,
         "what to end with when a request failed or a task raised (1)")
    FLAG("Other options", "show-task-ratio", 0, NULL,
         "show how often each task is chosen, and end")
    FLAG("Other options", "show-task-ratio-json", 0, NULL,
         "the same as JSON")
    TEXT("Other options", "profile", 0, "LOCUST_PROFILE", "TEXT", NONE,
         "a label")
    FLAG("Other options", "version", 'V', NULL,
         "show the version of Locust's API, and end")
};
/* clang-format on */

static const struct opt_example examples[] = {
    {"brunt locust -f locustfile.py --headless -u 100 -r 10 -t 1m -H http://10.0.0.1",
     "100 users for a minute, 10 more each second"},
    {"brunt locust -f tests/ --headless -t 30s WebUser", "one class of the files of a folder"},
    {"brunt locust -f locustfile.py --headless -t 5m --csv out/run --html out/run.html",
     "with Locust's files, and a report"},
    {"brunt locust -f locustfile.py --headless -t 5m --processes 4", "from four processes"},
    {"brunt locust -f locustfile.py --headless -t 5m -- --out prometheus --store runs.db",
     "with options of brunt run"},
};

const struct opt_table locust_options = {
    .name = "brunt locust",
    .operands = "[UserClass...] [-- BRUNT OPTION...]",
    .summary = "Run a locustfile with Locust's command line.",
    .about =
        "Options, their variables, files of settings (~/.locust.conf, locust.conf, pyproject.toml, "
        "--config), tables, files and exit codes are Locust's; the engine is brunt's. What stands "
        "behind -- goes to `brunt run`: outputs, thresholds, the history; --summary brunt shows "
        "brunt's own summary.\n\n"
        "Options that a locustfile adds are taken too; `brunt run FILE.py -- --help` lists them.",
    .rows = rows,
    .n_rows = sizeof(rows) / sizeof(rows[0]),
    .examples = examples,
    .n_examples = sizeof(examples) / sizeof(examples[0]),
    .max_operands = 1000,
};
