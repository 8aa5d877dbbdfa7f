"""A receiver of OTLP metrics over HTTP that takes nothing on trust: every field is checked by the specification.

Requests are read by a decoder that shares nothing with brunt, from the messages of proto/otlp_metrics.proto: an
unknown field, a wrong wire type, a singular field given twice, text that is not UTF-8 are each an error.
"""
import collections
import gzip
import http.server
import math
import re
import struct
import threading
from pathlib import Path

PROTO = Path(__file__).resolve().parent / "proto" / "otlp_metrics.proto"
WIRES = {"uint32": 0, "uint64": 0, "int64": 0, "sint32": 0, "bool": 0, "fixed64": 1, "sfixed64": 1, "double": 1,
         "string": 2, "bytes": 2}
FIXED = {"fixed64": "<Q", "sfixed64": "<q", "double": "<d"}
DELTA, CUMULATIVE = 1, 2


class Invalid(Exception):
    pass


def need(truth, text, *details):
    if not truth:
        raise Invalid(" ".join([text, *map(repr, details)]))


# ---- decoding ----

Field = collections.namedtuple("Field", "name type repeated oneof")


def read_schema(text):
    """{message: {number: Field}} of a .proto file that is written a field a line."""
    messages, enums, stack = {}, set(), []
    for line in text.splitlines():
        line = line.split("//")[0].strip()
        opened = re.match(r"(message|enum|oneof) (\w+) \{", line)
        field = re.match(r"(repeated |optional )?(\w+) (\w+) = (\d+);", line)
        if opened:
            stack.append(opened.groups())
            if opened.group(1) == "message":
                messages[opened.group(2)] = {}
            elif opened.group(1) == "enum":
                enums.add(opened.group(2))
        elif line == "}":
            stack.pop()
        elif field and stack[-1][0] != "enum":
            message = next(name for kind, name in reversed(stack) if kind == "message")
            oneof = stack[-1][1] if stack[-1][0] == "oneof" else None
            messages[message][int(field.group(4))] = Field(field.group(3), field.group(2),
                                                           field.group(1) == "repeated ", oneof)
    return messages, enums


MESSAGES, ENUMS = read_schema(PROTO.read_text())


def varint(data, at):
    n = 0
    for i in range(10):
        need(at + i < len(data), "a varint has no end")
        n |= (data[at + i] & 0x7F) << (7 * i)
        if data[at + i] < 0x80:
            return n & (2**64 - 1), at + i + 1
    raise Invalid("a varint is longer than ten bytes")


def scalar(kind, data, at):
    """One value that has no length before it."""
    if kind in FIXED:
        need(at + 8 <= len(data), "a fixed number has no end")
        return struct.unpack_from(FIXED[kind], data, at)[0], at + 8
    n, at = varint(data, at)
    if kind == "bool":
        need(n < 2, "a bool is", n)
        return bool(n), at
    if kind == "sint32":
        need(n < 2**32, "a sint32 is", n)
        return (n >> 1) ^ -(n & 1), at
    if kind == "int64" and n >= 2**63:
        n -= 2**64
    return n, at


def content(kind, data):
    if kind == "string":
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Invalid(f"text is not UTF-8: {data!r}") from error
    return bytes(data) if kind == "bytes" else decode(kind, data)


def decode(message, data):
    """A dict of the fields that are there; repeated ones are always."""
    fields = MESSAGES[message]
    found = {f.name: [] for f in fields.values() if f.repeated}
    oneofs = set()
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        need(key >> 3 in fields, "unknown field", message, key >> 3)
        field = fields[key >> 3]
        kind = "uint32" if field.type in ENUMS else field.type
        wire = WIRES.get(kind, 2)
        packed = field.repeated and wire != 2
        need(key & 7 == (2 if packed else wire), "wrong wire type", message, field.name, key & 7)
        if wire != 2 and not packed:
            value, at = scalar(kind, data, at)
        else:
            n, at = varint(data, at)
            need(at + n <= len(data), "a field has no end", message, field.name)
            part, at = data[at:at + n], at + n
            if packed:
                value, i = [], 0
                while i < len(part):
                    one, i = scalar(kind, part, i)
                    value.append(one)
            else:
                value = content(kind, part)
        if packed:
            found[field.name] += value
        elif field.repeated:
            found[field.name].append(value)
        else:
            need(field.name not in found, "a field is given twice", message, field.name)
            need(field.oneof is None or field.oneof not in oneofs, "two of a oneof", message, field.name)
            oneofs.add(field.oneof)
            found[field.name] = value
    return found


# ---- the rules ----

Point = collections.namedtuple("Point", "metric kind unit labels start time value data temporality")


def attributes(pairs):
    keys = [pair.get("key", "") for pair in pairs]
    need(all(keys), "an attribute has no key", keys)
    need(len(set(keys)) == len(keys), "attributes have a key twice", keys)
    for pair in pairs:
        need("string_value" in pair.get("value", {}), "an attribute has no text", pair)
    return {pair["key"]: pair["value"]["string_value"] for pair in pairs}


def check_times(point, kind):
    need(point.get("time_unix_nano", 0) > 1.6e18, "no time", point)
    if kind != "gauge":
        start = point.get("start_time_unix_nano", 0)
        need(1.6e18 < start <= point["time_unix_nano"], "starts after its end", start, point["time_unix_nano"])


def check_extremes(point, least, most):
    """min, max and sum agree with one another and with the bounds of the outermost buckets."""
    low, high = point.get("min"), point.get("max")
    need(low is not None and low <= high, "min and max", low, high)
    slack = 1e-9 * max(abs(low), abs(high), 1)
    need(least - slack <= low and high <= most + slack, "outside of its buckets", least, low, high, most)
    if low >= 0:
        total, n = point["sum"], point["count"]
        need(n * low - slack * n <= total <= n * high + slack * n, "sum", total, n, low, high)
    else:
        need("sum" not in point, "there is no sum with negative values")


def check_exponential(point):
    need(-10 <= point.get("scale", 0) <= 20, "scale", point.get("scale"))
    base = 2.0 ** (2.0 ** -point.get("scale", 0))
    total = point.get("zero_count", 0)
    edges = [0.0] if total else []
    for name, sign in (("positive", 1), ("negative", -1)):
        counts = point.get(name, {}).get("bucket_counts", [])
        if counts:
            need(counts[0] and counts[-1], "buckets begin and end with samples", name)
            total += sum(counts)
            offset = point[name].get("offset", 0)
            edges += [sign * base**offset, sign * base ** (offset + len(counts))]
    need(point["count"] == total, "count is not the sum of the buckets", point["count"], total)
    if total:
        check_extremes(point, min(edges), max(edges))


def check_explicit(point):
    counts, bounds = point["bucket_counts"], point["explicit_bounds"]
    need(len(counts) == len(bounds) + 1, "one bucket more than bounds", len(counts), len(bounds))
    need(all(a < b for a, b in zip(bounds, bounds[1:])), "bounds rise", bounds)
    need(point["count"] == sum(counts), "count is not the sum of the buckets", point["count"], counts)
    if point["count"]:
        used = [i for i, n in enumerate(counts) if n]
        # A bound lies inside a bucket of ours, which counts as above it.
        least = bounds[used[0] - 1] * 0.997 if used[0] else -math.inf
        most = bounds[used[-1]] if used[-1] < len(bounds) else math.inf
        check_extremes(point, least, most)


def read_metric(metric):
    need(metric.get("name"), "a metric has no name")
    kinds = [k for k in ("gauge", "sum", "histogram", "exponential_histogram") if k in metric]
    need(len(kinds) == 1, "a metric is of one kind", metric["name"], kinds)
    kind, data = kinds[0], metric[kinds[0]]
    temporality = data.get("aggregation_temporality", 0)
    need(kind == "gauge" or temporality in (DELTA, CUMULATIVE), "temporality", metric["name"], temporality)
    need(kind != "sum" or data.get("is_monotonic"), "counters are monotonic", metric["name"])
    need(data["data_points"], "a metric has no points", metric["name"])
    for point in data["data_points"]:
        check_times(point, kind)
        if kind == "histogram":
            check_explicit(point)
        elif kind == "exponential_histogram":
            check_exponential(point)
        else:
            need(math.isfinite(point.get("as_double", math.nan)), "no value", metric["name"], point)
        yield Point(metric["name"], kind, metric.get("unit", ""), attributes(point["attributes"]),
                    point.get("start_time_unix_nano"), point["time_unix_nano"],
                    point.get("as_double", point.get("count")), point, temporality)


def read_request(body):
    """(attributes of the resource, points) of a request that keeps all the rules."""
    request = decode("ExportMetricsServiceRequest", body)
    need(len(request["resource_metrics"]) == 1, "one resource")
    group = request["resource_metrics"][0]
    resource = attributes(group["resource"]["attributes"])
    need(resource.get("service.name"), "service.name", resource)
    points = []
    for scope in group["scope_metrics"]:
        need(scope["scope"].get("name") == "brunt" and scope["scope"].get("version"), "scope", scope["scope"])
        names = [metric.get("name") for metric in scope["metrics"]]
        kinds = {}
        for metric in scope["metrics"]:
            read = list(read_metric(metric))
            points += read
            need(kinds.setdefault(metric["name"], read[0].kind) == read[0].kind, "two kinds of one name", names)
    return resource, points


class Series:
    """What one series has come to; takes its points in the order of their arrival."""

    def __init__(self):
        self.first_start = self.last = None
        self.total = 0
        self.points = 0

    def take(self, point):
        if self.last and point.kind != "gauge":
            need(point.kind == self.last.kind, "another kind", point.metric)
            need(point.time > self.last.time, "time does not go on", point.metric, point.labels)
            if point.temporality == CUMULATIVE:
                need(point.start == self.last.start, "another start", point.metric)
                need(point.value >= self.last.value, "falls", point.metric, self.last.value, point.value)
            else:
                need(point.start >= self.last.time, "overlaps what was before", point.metric, point.labels)
        self.total = self.total + point.value if point.temporality == DELTA else point.value
        self.last = point
        self.points += 1


class Receiver(http.server.ThreadingHTTPServer):
    """Answers by `answers`, a list of functions of (handler, points) for the first requests; then with success."""

    daemon_threads = True

    def __init__(self, answers=()):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.answers = list(answers)
        self.lock = threading.Lock()
        self.errors, self.requests, self.series, self.resources = [], [], collections.defaultdict(Series), []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    def store(self, points):
        for point in points:
            self.series[point.metric, tuple(sorted(point.labels.items()))].take(point)

    def of(self, metric, **labels):
        """The series of a metric that have these labels."""
        return [s for (name, key), s in self.series.items()
                if name == metric and all(dict(key).get(k) == v for k, v in labels.items())]

    def total(self, metric, **labels):
        return sum(s.total for s in self.of(metric, **labels))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def reply(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in {"Content-Type": "application/x-protobuf", **dict(headers)}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def read_body(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        need(self.path == "/v1/metrics", "path", self.path)
        need(self.headers["Content-Type"] == "application/x-protobuf", "content type", self.headers["Content-Type"])
        need(self.headers.get("Content-Encoding") in (None, "gzip"), "encoding", self.headers["Content-Encoding"])
        return gzip.decompress(body) if self.headers.get("Content-Encoding") else body

    def do_POST(self):
        server = self.server
        try:
            body = self.read_body()
            resource, points = read_request(body)
        except Exception as error:  # whatever it is, it is not what the specification asks for
            server.errors.append(f"{type(error).__name__}: {error}")
            return self.reply(400, b"\x12\x03bad")
        with server.lock:
            server.requests.append((self.headers, body, points))
            server.resources.append(resource)
            answer = server.answers.pop(0) if server.answers else None
            if answer:
                return answer(self, points)
            try:
                server.store(points)
            except Invalid as error:
                server.errors.append(str(error))
        return self.reply(200)
