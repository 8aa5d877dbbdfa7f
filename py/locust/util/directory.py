import os


def get_abspaths_in(path, extension=None):
    """All files below, but for those that begin with _."""
    return [os.path.abspath(os.path.join(folder, name)) for folder, _, names in os.walk(path) for name in names
            if not name.startswith("_") and (extension is None or name.endswith(extension))]
