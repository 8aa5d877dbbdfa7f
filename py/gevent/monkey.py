"""Sockets that let other users go on, where the script asks for them; time.sleep does as it is."""

from brunt_script import sockets

saved = {}
_PATCHED = {"time": ("sleep",), "socket": ("socket", "getaddrinfo", "create_connection"), "ssl": ("SSLSocket", "SSLContext")}


def patch_socket(*args, **kwargs):
    sockets.install()
    return True


patch_all = patch_ssl = patch_dns = patch_socket


def _nothing(*args, **kwargs):
    """There is no need, or no way."""
    return True


def is_module_patched(mod_name):
    return mod_name in _PATCHED


def is_object_patched(mod_name, item_name):
    return item_name in _PATCHED.get(mod_name, ())


def get_original(mod_name, item_name):
    import importlib
    module = importlib.import_module(mod_name)
    if isinstance(item_name, str):
        return getattr(module, item_name)
    return [getattr(module, name) for name in item_name]


patch_time = patch_thread = patch_select = patch_subprocess = patch_os = patch_queue = patch_signal = patch_sys = _nothing
patch_builtins = patch_contextvars = _nothing
