"""InfluxDB 2 as tests start it: a server of the binary that is given, with one organisation, one bucket and a token."""
import csv
import io
import json
import urllib.error
import urllib.parse
import urllib.request

from servers import Process, fetch, free_ports, wait_for

ORG, BUCKET, TOKEN = "my org", "loadtests", "a token for tests only"
NUMBERS = {"double": float, "long": int, "unsignedLong": int}


class Influx2(Process):
    """`bucket` exists; every request with `TOKEN` may read and write all."""

    def __init__(self, program, bucket=BUCKET):
        super().__init__()
        (port,) = free_ports(1)
        self.url, self.bucket = f"http://127.0.0.1:{port}", bucket
        self.start(program, "run", "--http-bind-address", f"127.0.0.1:{port}", "--reporting-disabled",
                   "--bolt-path", f"{self.path}/influxd.bolt", "--sqlite-path", f"{self.path}/influxd.sqlite",
                   "--engine-path", f"{self.path}/engine", "--log-level", "warn")
        try:
            wait_for("the start of InfluxDB 2", lambda: b'"pass"' in fetch(self.url + "/health"), 60)
        except SystemExit:
            print(self.logs())
            self.__exit__()
            raise
        made = self.ask("/api/v2/setup", {"username": "tester", "password": "for tests only", "org": ORG,
                                          "bucket": bucket, "token": TOKEN, "retentionPeriodSeconds": 0})
        self.org_id = json.loads(made)["org"]["id"]

    def ask(self, path, body, method="POST", **headers):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Authorization": f"Token {TOKEN}", "Content-Type": "application/json", **headers}
        request = urllib.request.Request(self.url + path, data=data, method=method, headers=headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read()

    def create_bucket(self, name):
        self.ask("/api/v2/buckets", {"orgID": self.org_id, "name": name, "retentionRules": []})

    def write(self, bucket, lines):
        query = urllib.parse.urlencode({"org": ORG, "bucket": bucket, "precision": "ns"})
        self.ask(f"/api/v2/write?{query}", lines.encode())

    def flux(self, query):
        """Rows of all tables of a Flux query, as dictionaries with numbers where the column says so. AssertionError with
        the server's sentence when it refuses the query."""
        path = "/api/v2/query?" + urllib.parse.urlencode({"org": ORG})
        body = {"query": query, "dialect": {"header": True, "annotations": ["datatype"]}}
        try:
            text = self.ask(path, body, Accept="application/csv").decode()
        except urllib.error.HTTPError as e:
            raise AssertionError(f"{e.code}: {e.read().decode()}") from None
        return list(rows_of(text))


def rows_of(text):
    """The rows of annotated CSV: parts with a line of types and a line of names each."""
    types = names = None
    for row in csv.reader(io.StringIO(text)):
        if not row or row[0] == "#datatype":
            types, names = row or None, None
        elif names is None:
            names = row
            if names[1:] == ["error", "reference"]:
                types = None
        elif types is None:
            raise AssertionError(", ".join(row))
        else:
            yield {name: NUMBERS.get(kind, str)(value) if value else None
                   for kind, name, value in zip(types[1:], names[1:], row[1:])}
