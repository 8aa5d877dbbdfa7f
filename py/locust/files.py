"""Several locustfiles: those that -f names beside the one that is run, in folders too."""

import importlib.util
import os
import sys

from brunt_script import ScriptError, short


def named(args):
    """What -f says, in order."""
    found = []
    for i, arg in enumerate(args):
        if arg in ("-f", "--locustfile") and i + 1 < len(args):
            found += args[i + 1].split(",")
        elif arg.startswith("--locustfile="):
            found += arg[len("--locustfile="):].split(",")
        elif arg.startswith("-f") and not arg.startswith("--") and len(arg) > 2:
            found += arg[2:].lstrip("=").split(",")
    return [path.strip() for path in found if path.strip() not in ("", "-")]


def _within(folder):
    for here, folders, names in sorted(os.walk(folder)):
        folders.sort()
        for name in sorted(names):
            if name.endswith(".py") and not name.startswith("_"):
                yield os.path.join(here, name)


def expand(paths):
    """Files, with those of folders in place of these."""
    for path in paths:
        if os.path.isdir(path):
            yield from _within(path)
        else:
            yield path


def _import(path):
    name = os.path.splitext(os.path.basename(path))[0]
    while name in sys.modules:
        name += "_"
    folder = os.path.dirname(os.path.abspath(path))
    if folder not in sys.path:
        sys.path.insert(1, folder)
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or not os.path.isfile(path):
        raise ScriptError(f"-f: there is no file '{short(path)}' that ends in .py", 104)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def load_others(job):
    """Runs them; job.modules are all, that of the command line first."""
    job.modules, seen = [job.module], {os.path.realpath(job.path)}
    for path in expand(named(job.args)):
        if os.path.realpath(path) not in seen:
            seen.add(os.path.realpath(path))
            job.modules.append(_import(path))


def merge(job, classes_of):
    """Classes of all files, by name."""
    found = {}
    for module in job.modules:
        for name, cls in classes_of(module).items():
            if found.setdefault(name, cls) is not cls:
                raise ScriptError(f"two locustfiles have a class '{name}': give one another name", 104)
    return found
