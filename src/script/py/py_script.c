/*
 * From a file to a struct script. The file is read and understood by the package brunt_script under
 * py/; what it has found out is read off its object here.
 */
#include <errno.h>

#include "base/mem.h"
#include "script/py/py_priv.h"

struct script_talk *py_talk;

char *py_text(PyObject *o)
{
    Py_ssize_t n;
    const char *p = PyUnicode_Check(o) ? PyUnicode_AsUTF8AndSize(o, &n) : NULL;

    if (!p) {
        PyErr_Clear();
        return NULL;
    }
    return xstrndup(p, (size_t)n);
}

/* An attribute as heap text, or NULL. */
static char *text_of(PyObject *object, const char *name)
{
    PyObject *value = PyObject_GetAttrString(object, name);
    char *text = NULL;

    if (!value) {
        PyErr_Clear();
        return NULL;
    }
    text = py_text(value);
    Py_DECREF(value);
    return text;
}

/* An attribute as a number of things, or 0. */
static unsigned count_of(PyObject *object, const char *name)
{
    PyObject *value = PyObject_GetAttrString(object, name);
    long n = value && PyLong_Check(value) ? PyLong_AsLong(value) : 0;

    PyErr_Clear();
    Py_XDECREF(value);
    return n > 0 && n <= INT32_MAX ? (unsigned)n : 0;
}

/* The exception that is set becomes a fault; brunt_script has put it in a sentence. */
static int load_failed(void)
{
    PyObject *type, *value, *trace;

    PyErr_Fetch(&type, &value, &trace);
    PyErr_NormalizeException(&type, &value, &trace);
    PyObject *str = value ? PyObject_Str(value) : NULL;
    PyObject *code = value ? PyObject_GetAttrString(value, "exit_code") : NULL;
    scoped(freep) char *text = str ? py_text(str) : NULL;
    long exit_code = code ? PyLong_AsLong(code) : 107;

    PyErr_Clear();
    Py_XDECREF(code);
    Py_XDECREF(str);
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(trace);
    if (exit_code < 1 || exit_code > 254)
        exit_code = 107;
    return fault(FAULT_EXIT((int)exit_code), "%s", text ? text : "the script cannot be loaded");
}

static PyObject *optional(const char *text)
{
    return text ? PyUnicode_DecodeFSDefault(text) : Py_NewRef(Py_None);
}

/* os.environ gets what -e gave. -1 with an exception set. */
static int set_environment(const struct script_config *config)
{
    PyObject *os = PyImport_ImportModule("os");
    PyObject *environ = os ? PyObject_GetAttrString(os, "environ") : NULL;
    int r = environ ? 0 : -1;

    for (size_t i = 0; r == 0 && i < config->n_env; i++) {
        const char *have = getenv(config->env_names[i]);
        PyObject *value;

        if (have && strcmp(have, config->env_values[i]) == 0)
            continue;
        value = PyUnicode_DecodeFSDefault(config->env_values[i]);
        r = value ? PyMapping_SetItemString(environ, config->env_names[i], value) : -1;
        Py_XDECREF(value);
    }
    Py_XDECREF(environ);
    Py_XDECREF(os);
    return r;
}

static PyObject *arguments(const struct script_config *config)
{
    PyObject *list = PyList_New(0);

    for (size_t i = 0; list && i < config->n_args; i++) {
        PyObject *text = PyUnicode_DecodeFSDefault(config->args[i]);

        if (!text || PyList_Append(list, text) < 0)
            Py_CLEAR(list);
        Py_XDECREF(text);
    }
    return list;
}

static PyObject *call_load(const struct script_config *config)
{
    PyObject *path = PyUnicode_DecodeFSDefault(config->path);
    PyObject *target = optional(config->target), *scenario = optional(config->scenario);
    PyObject *args = arguments(config), *script = NULL;
    PyObject *most = PyLong_FromUnsignedLong(config->n_processes);
    PyObject *least = PyLong_FromUnsignedLong(config->n_processes_least);

    if (path && target && scenario && args && most && least && set_environment(config) == 0) {
        script = PyObject_CallFunctionObjArgs(py_names.load, path, target, scenario,
                                              config->wants_plan ? Py_True : Py_False, args, most,
                                              least, NULL);
    }
    Py_XDECREF(least);
    Py_XDECREF(most);
    Py_XDECREF(args);
    Py_XDECREF(path);
    Py_XDECREF(target);
    Py_XDECREF(scenario);
    return script;
}

/* -1 with an exception set. */
static int read_exports(struct py_script *s)
{
    PyObject *names = PyObject_GetAttrString(s->object, "exports");
    Py_ssize_t n = names ? PySequence_Size(names) : -1;
    int r = n < 0 ? -1 : 0;

    if (n > 0)
        s->base.exports = xnew_n(struct script_export, (size_t)n);
    for (Py_ssize_t i = 0; r == 0 && i < n; i++) {
        PyObject *name = PySequence_GetItem(names, i);
        char *text = name ? py_text(name) : NULL;

        Py_XDECREF(name);
        if (!text) {
            PyErr_SetString(PyExc_TypeError, "a name of an export is no text");
            r = -1;
            break;
        }
        s->base.exports[s->base.n_exports++] = (struct script_export){text, true};
    }
    Py_XDECREF(names);
    return r;
}

/* What the command line says of calls that block; -1 with an exception set. */
static int set_helpers(const struct script_config *config)
{
    PyObject *names = PyList_New(0);
    PyObject *done = NULL;
    int r = names ? 0 : -1;

    for (size_t i = 0; r == 0 && i < config->n_blocking; i++) {
        PyObject *name = PyUnicode_DecodeFSDefault(config->blocking[i]);

        r = name ? PyList_Append(names, name) : -1;
        Py_XDECREF(name);
    }
    if (r == 0)
        done = PyObject_CallFunction(py_names.helpers, "iO", config->helper_threads, names);
    Py_XDECREF(done);
    Py_XDECREF(names);
    return done ? 0 : -1;
}

static int load_locked(struct py_script *s, const struct script_config *config)
{
    s->object = set_helpers(config) == 0 ? call_load(config) : NULL;
    if (!s->object || read_exports(s) < 0)
        return load_failed();
    s->base.options_json = text_of(s->object, "options");
    s->base.plan_json = text_of(s->object, "plan");
    s->base.title = text_of(s->object, "title");
    s->base.target = text_of(s->object, "target");
    s->base.n_steps = count_of(s->object, "n_steps");
    s->base.web_json = text_of(s->object, "web");
    s->base.text = text_of(s->object, "text");
    s->base.n_text = s->base.text ? strlen(s->base.text) : 0;
    s->vocab = text_of(s->object, "vocab");
    s->base.vocab = s->vocab;
    s->base.front_json = text_of(s->object, "front");
    return 0;
}

int py_load(const struct script_config *config, struct script_host *host UNUSED,
            struct script **ret_script)
{
    struct py_script *s = xnew(struct py_script);
    int r;

    s->base.ops = &py_ops;
    s->base.talk = &s->talk;
    s->metrics = config->metrics;
    r = metric_register(config->metrics, STR("script_exceptions"), METRIC_COUNTER, CONTAINS_DEFAULT,
                        &s->exceptions);
    if (r == 0) {
        r = metric_register(config->metrics, STR("script_helper_wait"), METRIC_TREND, CONTAINS_TIME,
                            &s->helper_wait);
    }
    if (r == 0)
        r = py_start();
    if (r == 0) {
        py_lock();
        py_talk = &s->talk;
        r = load_locked(s, config);
        py_unlock();
    }
    if (r < 0) {
        py_free(&s->base);
        TRY(r);
    }
    *ret_script = &s->base;
    return 0;
}

void py_free(struct script *base)
{
    struct py_script *s;

    if (!base)
        return;
    s = py_script_of(base);
    if (s->object) {
        py_lock();
        Py_CLEAR(s->object);
        Py_XDECREF(PyObject_CallNoArgs(py_names.ending));
        PyErr_Clear();
        py_talk = NULL;
        py_unlock();
    }
    for (size_t i = 0; i < base->n_exports; i++)
        free(base->exports[i].name);
    free(base->exports);
    free(base->options_json);
    free(base->plan_json);
    free(base->title);
    free(base->target);
    free(base->web_json);
    free(base->front_json);
    free(base->text);
    free(s->vocab);
    free(s);
}

int py_find_export(struct script *s, const char *name)
{
    for (size_t i = 0; i < s->n_exports; i++) {
        if (strcmp(s->exports[i].name, name) == 0)
            return (int)i;
    }
    return -1;
}

/* (exit code or None, whether a handler failed, how many) */
static int read_ending(PyObject *said, struct script_ending *ret_ending)
{
    if (!PyTuple_Check(said) || PyTuple_Size(said) != 3) {
        PyErr_SetString(PyExc_TypeError, "over() of a script has to give three things");
        return -1;
    }
    PyObject *code = PyTuple_GetItem(said, 0);
    long n = code == Py_None ? -1 : PyLong_AsLong(code);
    struct script_ending ending = {
        .exit_code = code == Py_None ? -1 : (int)(n & 0xff), /* as a shell sees it */
        .failed = PyObject_IsTrue(PyTuple_GetItem(said, 1)) == 1,
        .n_failed = PyLong_AsUnsignedLong(PyTuple_GetItem(said, 2)),
    };

    if (PyErr_Occurred())
        return -1;
    *ret_ending = ending;
    return 0;
}

int py_over(struct script *base, const char *stats_json, struct script_ending *ret_ending)
{
    struct py_script *s = py_script_of(base);
    int r = 0;

    *ret_ending = (struct script_ending){.exit_code = -1};
    py_lock();
    if (PyObject_HasAttrString(s->object, "over")) {
        PyObject *said = PyObject_CallMethod(s->object, "over", "z", stats_json);

        r = said ? read_ending(said, ret_ending) : -1;
        Py_XDECREF(said);
    }
    if (r < 0)
        r = load_failed();
    py_unlock();
    return r;
}
