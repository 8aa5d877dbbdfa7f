"""There is nothing to patch: time.sleep and the clients suspend a user as they are."""

saved = {}


def patch_all(*args, **kwargs):
    return True


def is_module_patched(mod_name):
    """Of the modules that gevent patches, one lets others go on here."""
    return mod_name == "time"


def is_object_patched(mod_name, item_name):
    return (mod_name, item_name) == ("time", "sleep")


def get_original(mod_name, item_name):
    import importlib
    module = importlib.import_module(mod_name)
    if isinstance(item_name, str):
        return getattr(module, item_name)
    return [getattr(module, name) for name in item_name]


patch_socket = patch_ssl = patch_time = patch_thread = patch_select = patch_subprocess = patch_os = patch_queue = patch_all
patch_signal = patch_sys = patch_dns = patch_builtins = patch_all
