/*
 * The interpreter starts once in a process and never ends: modules that hold threads or C++ objects
 * seldom survive an end, and the process ends soon after. What scripts have printed is flushed when
 * their script is freed.
 *
 * Packages come from the interpreter of the system, or from the virtual environment that
 * VIRTUAL_ENV names; those of brunt itself (folder py/ beside the plug-in, or ../../share/brunt/py)
 * come first, so that `import loadpilot` means ours.
 */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"
#include "script/py/py_priv.h"

struct py_names py_names;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool is_started;                  /* under the lock */
static _Thread_local PyThreadState *own; /* of a thread that runs no user */

static const char *const places[] = {"py", "../share/brunt/py", "../../share/brunt/py"};

/* The folder with the packages that scripts import, or NULL. */
static char *find_packages(void)
{
    for (size_t i = 0; i < countof(places); i++) {
        scoped(freep) char *probe =
            xasprintf("%s/%s/brunt_script/__init__.py", py_folder, places[i]);

        if (access(probe, R_OK) == 0)
            return xasprintf("%s/%s", py_folder, places[i]);
    }
    return NULL;
}

static int refused(PyStatus status)
{
    return fault(-ENOEXEC, "Python does not start: %s",
                 status.err_msg ? status.err_msg : "no text");
}

/* The program that Python takes itself for: it finds its packages from there. */
static PyStatus set_program(PyConfig *config)
{
    const char *venv = getenv("VIRTUAL_ENV");
    scoped(freep) char *program =
        venv && *venv ? xasprintf("%s/bin/python3", venv) : xstrdup("/usr/bin/python3");

    return PyConfig_SetBytesString(config, &config->program_name, program);
}

static int initialize(void)
{
    PyConfig config;

    PyConfig_InitPythonConfig(&config);
    config.parse_argv = 0;
    config.install_signal_handlers = 0; /* signals are the program's */
    config.buffered_stdio = 0;          /* what is printed comes in the order of everything else */
    PyStatus status = set_program(&config);

    if (!PyStatus_Exception(status))
        status = Py_InitializeFromConfig(&config);
    PyConfig_Clear(&config);
    return PyStatus_Exception(status) ? refused(status) : 0;
}

static int add_path(const char *folder)
{
    PyObject *path = PySys_GetObject("path"); /* borrowed */
    PyObject *item = PyUnicode_DecodeFSDefault(folder);
    int r = path && item ? PyList_Insert(path, 0, item) : -1;

    Py_XDECREF(item);
    return r;
}

/* Takes the names; -1 with an exception set. */
static int import_names(const char *folder)
{
    PyObject *module;

    if (add_path(folder) < 0)
        return -1;
    module = PyImport_ImportModule("brunt_script");
    if (!module)
        return -1;
    py_names.load = PyObject_GetAttrString(module, "load");
    py_names.report = py_names.load ? PyObject_GetAttrString(module, "report") : NULL;
    py_names.farewells = py_names.report ? PyObject_GetAttrString(module, "farewells") : NULL;
    py_names.place = py_names.farewells ? PyObject_GetAttrString(module, "place") : NULL;
    py_names.begun = py_names.place ? PyObject_GetAttrString(module, "begun") : NULL;
    py_names.helpers = py_names.begun ? PyObject_GetAttrString(module, "set_helpers") : NULL;
    py_names.route = py_names.helpers ? PyObject_GetAttrString(module, "route") : NULL;
    py_names.ending = py_names.route ? PyObject_GetAttrString(module, "ending") : NULL;
    Py_DECREF(module);
    return py_names.ending ? 0 : -1;
}

static int start(void)
{
    scoped(freep) char *folder = find_packages();

    if (!folder) {
        return fault(-ENOENT,
                     "scripts in Python need the folder 'py' that comes with brunt; it is neither "
                     "in %s nor in %s/../../share/brunt",
                     py_folder, py_folder);
    }
    if (PyImport_AppendInittab("_brunt", py_module_init) < 0)
        return fault(-ENOMEM, "Python does not start: no memory");
    TRY(initialize());
    if (import_names(folder) < 0) {
        PyErr_Print();
        PyEval_SaveThread();
        return fault(-ENOEXEC, "Python cannot import the packages in %s", folder);
    }
    own = PyEval_SaveThread();
    return 0;
}

int py_start(void)
{
    int r = 0;

    pthread_mutex_lock(&lock);
    if (!is_started)
        r = start();
    is_started |= r == 0;
    pthread_mutex_unlock(&lock);
    TRY(r);
    return 0;
}

void py_lock(void)
{
    if (own) {
        PyEval_RestoreThread(own);
        return;
    }
    own = PyThreadState_New(PyInterpreterState_Main());
    PyEval_RestoreThread(own);
}

void py_forget_thread(void)
{
    if (!own)
        return;
    PyEval_RestoreThread(own);
    PyThreadState_Clear(own);
    PyThreadState_DeleteCurrent();
    own = NULL;
}

void py_unlock(void)
{
    PyEval_SaveThread();
}
