# Settings of graphite-web: those of its package, with everything that is written below the lab's folder, and answers
# that are as new as the data.
import os
from pathlib import Path

from graphite.settings import *  # noqa: F401,F403

LAB = Path(__file__).resolve().parent.parent
HERE = LAB / "data" / "graphite"
SECRET_KEY = os.environ.get("BRUNT_LAB_SECRET") or os.urandom(32).hex()
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
CONF_DIR = str(LAB / "graphite")
STORAGE_DIR = str(HERE)
WHISPER_DIR = str(HERE / "whisper")
STANDARD_DIRS = [WHISPER_DIR]
LOG_DIR = str(HERE / "log")
INDEX_FILE = str(HERE / "index")
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(HERE / "graphite.db"),
                         "OPTIONS": {"timeout": 20}}}
CARBONLINK_HOSTS = ["127.0.0.1:7002"]
TAGDB_CACHE_DURATION = DEFAULT_CACHE_DURATION = FIND_CACHE_DURATION = 0
