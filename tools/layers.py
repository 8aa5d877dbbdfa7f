#!/usr/bin/env python3
"""Checks who includes whom under src/.

    tools/layers.py              every #include against src/LAYERS and the table of foreign headers
    tools/layers.py --headers    also compiles each header alone

Prints one line per fault, "FILE:LINE: what", and ends with status 1 if there was any.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
SRC = TOP / "src"
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')

# A foreign header, and the folders or files below src/ that may include it.
FOREIGN = [
    (r"openssl/", ["net", "base/hash.c"]),
    (r"ares(_\w+)?\.h$", ["net"]),
    (r"sys/epoll\.h$|liburing", ["loop"]),
    (r"zlib\.h$", ["proto", "report"]),
    (r"brotli/", ["proto"]),
    (r"zstd\.h$", ["proto", "store"]),
    (r"nghttp2/", ["proto/http2"]),
    (r"jansson\.h$", ["plan", "report", "sink", "web", "bridge", "dashboard", "cli"]),
    (r"libfyaml\.h$", ["plan"]),
    (r"quickjs|cutils\.h$|libregexp|libunicode|dtoa\.h$", ["script/js"]),
    (r"gumbo\.h$", ["script/js"]),
    (r"Python\.h$", ["script/py"]),
    (r"sqlite3\.h$", ["store"]),
    (r"microhttpd\.h$", ["web"]),
    (r"nats", ["dist"]),
    (r"snappy|protobuf-c/", ["sink"]),
]
# Tests may also make what they test against.
FOREIGN_IN_TESTS = re.compile(r"cmocka\.h$|openssl/|zlib\.h$|brotli/|zstd\.h$|jansson\.h$|sys/epoll\.h$|quickjs")

SYSTEM = re.compile(
    r"^(assert|complex|ctype|errno|fenv|float|inttypes|iso646|limits|locale|math|setjmp|signal|std\w+|string"
    r"|strings|tgmath|threads|time|uchar|wchar|wctype|aio|dirent|dlfcn|execinfo|fcntl|fnmatch|getopt|glob|grp"
    r"|ifaddrs|langinfo|libgen|link|malloc|netdb|poll|pthread|pwd|regex|sched|search|semaphore|spawn|syslog"
    r"|termios|ucontext|unistd|utime|wordexp|byteswap|endian|cpuid|[a-z]mmintrin|x86intrin|arm_neon|arm_acle)\.h$"
    r"|^(sys|net|netinet|arpa|linux|asm|sanitizer|valgrind)/")


def read_layers():
    """Folder name to the set of folders it may include, checked to name only folders above."""
    layers = {}
    for line in (SRC / "LAYERS").read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        name, _, below = line.partition(":")
        below = below.split()
        unknown = [b for b in below if b not in layers]
        if unknown:
            sys.exit(f"src/LAYERS: '{name.strip()}' names {', '.join(unknown)}, which is not above it")
        layers[name.strip()] = set(below)
    return layers


def sources():
    return sorted(p for p in SRC.rglob("*") if p.suffix in (".c", ".h", ".inc", ".def"))


def part_of(path):
    """The plug-in a file belongs to: script/js and script/py never include each other."""
    parts = path.split("/")
    return "/".join(parts[:2]) if len(parts) > 2 else None


def foreign_fault(name, path):
    is_test = re.search(r"_(test|testing|fake)\.[ch]$", path)
    for pattern, places in FOREIGN:
        if re.match(pattern, name):
            if any(path == p or path.startswith(p + "/") for p in places):
                return None
            if is_test and FOREIGN_IN_TESTS.match(name):
                return None
            return f"<{name}> belongs to {' and '.join(places)} only"
    if SYSTEM.match(name) or (is_test and FOREIGN_IN_TESTS.match(name)):
        return None
    return f"<{name}> is in no table of tools/layers.py"


def own_fault(name, path, layers):
    folder, target = path.split("/")[0], name.split("/")[0]
    if folder not in layers:
        return f"folder '{folder}' is not in src/LAYERS"
    if target not in layers:
        return f'"{name}" is not written as "folder/file.h"'
    if not (SRC / name).exists():
        return f'"{name}" does not exist'
    if target != folder and target not in layers[folder]:
        return f"'{folder}' may not include '{target}' (src/LAYERS)"
    if target != folder and name.endswith("_priv.h"):
        return f'"{name}" is private to {target}'
    if target == folder and part_of(path) and part_of(name) and part_of(path) != part_of(name):
        return f"{part_of(path)} may not include its sibling {part_of(name)}"
    return None


def check_includes(layers):
    faults = []
    for source in sources():
        path = source.relative_to(SRC).as_posix()
        for number, line in enumerate(source.read_text(errors="replace").splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            bracket, name = match.groups()
            quoted = bracket == '"' and not name.startswith("quickjs")
            fault = own_fault(name, path, layers) if quoted else foreign_fault(name, path)
            if fault:
                faults.append(f"src/{path}:{number}: {fault}")
    return faults


PYTHONS = ("python3-embed", "python-3.13-embed", "python-3.12-embed", "python-3.11-embed")


def pkg_config(*arguments):
    return subprocess.run(["pkg-config", *arguments], capture_output=True, text=True, check=False)


def compiler_flags():
    """(flags, those that headers of the Python plug-in need besides; None: there is no Python)."""
    packages = "openssl libcares zlib libbrotlidec libbrotlienc libzstd jansson libmicrohttpd".split()
    found = pkg_config("--cflags", *packages)
    # Python is not needed to build, so its headers may be missing: then the plug-in's are left out.
    python = next((p for p in PYTHONS if not pkg_config("--exists", p).returncode), None)
    with_python = pkg_config("--cflags", python).stdout.split() if python else None
    quickjs = [f"-I{d}" for d in (TOP / "build/deps/usr/src/quickjs-ng", "/usr/src/quickjs-ng") if pathlib.Path(d).is_dir()]
    return ["-std=gnu17", "-D_GNU_SOURCE", f"-I{SRC}", *quickjs, *found.stdout.split()], with_python


def compile_alone(header, flags):
    name = header.relative_to(SRC).as_posix()
    # From outside the folder, so that nothing is found by lying beside it; twice, for #pragma once.
    text = f'#include "{name}"\n#include "{name}"\n'
    done = subprocess.run([os.environ.get("CC", "cc"), *flags, "-fsyntax-only", "-x", "c", "-"],
                          input=text, capture_output=True, text=True, check=False)
    return f"src/{name}:1: does not compile alone\n{done.stderr.rstrip()}" if done.returncode else None


def check_headers():
    flags, python = compiler_flags()
    headers = [p for p in sources() if p.suffix == ".h"]

    def check(header):
        is_python = SRC / "script/py" in header.parents
        if is_python and python is None:
            return None
        return compile_alone(header, flags + python if is_python else flags)

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return [f for f in pool.map(check, headers) if f]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--headers", action="store_true", help="also compile each header alone")
    args = parser.parse_args()
    faults = check_includes(read_layers())
    if args.headers:
        faults += check_headers()
    for fault in faults:
        print(fault)
    print(f"layers: {len(sources())} files, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
