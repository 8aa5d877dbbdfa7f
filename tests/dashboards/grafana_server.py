"""A real Grafana, for tests: started from a folder as its archives unpack to, with files to provision, on loopback."""
import base64
import json
import os
import re
import sys
import urllib.error
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "sinks"))
from servers import Process, fetch, free_ports, wait_for  # noqa: E402

ADMIN = ("admin", "for tests only")
QUIET = {"ANALYTICS_REPORTING_ENABLED": "false", "ANALYTICS_CHECK_FOR_UPDATES": "false",
         "ANALYTICS_CHECK_FOR_PLUGIN_UPDATES": "false", "NEWS_NEWS_FEED_ENABLED": "false",
         "SECURITY_DISABLE_GRAVATAR": "true", "PLUGINS_PREINSTALL_DISABLED": "true", "LOG_MODE": "console",
         "LOG_LEVEL": "info", "DATABASE_WAL": "true", "SECURITY_ADMIN_PASSWORD": ADMIN[1]}
# What a server says that has no pages; a version 9 that is asked whether Prometheus or Graphite is well; and its first
# minute, in which much is written to its database at once.
HARMLESS = re.compile(r"javascript files in public/build|method not implemented|database is locked")


class Refused(Exception):
    def __init__(self, status, body):
        super().__init__(f"{status}: {body}")
        self.status, self.body = status, body


class Api:
    """The HTTP API of a Grafana at `url`, asked as `admin` (name, password) or with a token."""

    def __init__(self, url, admin=ADMIN):
        self.url, self.admin = url, admin

    def ask(self, method, path, body=None, token=None):
        """The answer, from JSON; Refused when it is 400 or more."""
        basic = base64.b64encode(":".join(self.admin).encode()).decode()
        secret = f"Bearer {token}" if token else f"Basic {basic}"
        headers = {"Authorization": secret, "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as e:
            text = e.read().decode(errors="replace")
            raise Refused(e.code, text) from None


def complaints(log):
    """Lines of a log that are errors."""
    lines = [line for line in log.splitlines() if re.search(r"\b(lvl=eror|level=error|lvl=crit|level=crit)\b", line)]
    return [line for line in lines if not HARMLESS.search(line)]


class Grafana(Process, Api):
    """`provision(folder)` writes the files before the start; `url` is known to it by then."""

    def __init__(self, home, provision, env=()):
        Process.__init__(self)
        (port,) = free_ports(1)
        Api.__init__(self, f"http://127.0.0.1:{port}")
        provisioning = self.path / "provisioning"
        for name in ("dashboards", "datasources", "plugins", "notifiers", "alerting", "access-control"):
            (provisioning / name).mkdir(parents=True)
        (self.path / "plugins").mkdir()
        provision(provisioning)
        settings = {"PATHS_DATA": f"{self.path}/data", "PATHS_LOGS": f"{self.path}/logs",
                    "PATHS_PLUGINS": f"{self.path}/plugins",
                    "PATHS_PROVISIONING": str(provisioning), "SERVER_HTTP_ADDR": "127.0.0.1",
                    "SERVER_HTTP_PORT": str(port), **QUIET, **dict(env)}
        home = Path(home)
        one = home / "bin" / "grafana"
        command = [str(one), "server"] if one.exists() else [str(home / "bin" / "grafana-server")]
        self.start(*command, f"--homepath={home}", cwd=home,
                   env={**os.environ, **{f"GF_{name}": value for name, value in settings.items()}})
        try:
            wait_for("the start of Grafana", self.ready, 120)
        except SystemExit:
            print(self.logs()[-4000:])
            self.__exit__()
            raise

    def ready(self):
        self.version = json.loads(fetch(self.url + "/api/health"))["version"]
        return True

    def token(self, name, role="Editor"):
        """A token of a new service account."""
        account = self.ask("POST", "/api/serviceaccounts", {"name": name, "role": role})
        return self.ask("POST", f"/api/serviceaccounts/{account['id']}/tokens", {"name": name})["key"]

    def complaints(self):
        return complaints(self.logs())
