"""What sinks send, decoded by code that shares nothing with brunt's encoders.

Each function takes the bytes of one delivery and gives a list of (key, value): the key says which series and instant a
point is of, so that the same point sent twice has the same key, and the same point with another value is found.
"""

import gzip
import json
import pickle
import re
import struct
import zlib


def split_unescaped(text, separator):
    """At the first separator that is neither escaped nor quoted."""
    quoted, i = False, 0
    while i < len(text):
        if text[i] == "\\":
            i += 1
        elif text[i] == '"':
            quoted = not quoted
        elif text[i] == separator and not quoted:
            return text[:i], text[i + 1:]
        i += 1
    return text, ""


def influx(body):
    """Line protocol: measurement,tags fields time."""
    points = []
    for line in body.decode().splitlines():
        if not line or line.startswith("#"):
            continue
        # Only in fields are quotes special.
        found = re.match(r"((?:\\.|[^ \\])+) (.*)$", line)
        if not found:
            raise ValueError(f"not line protocol: {line!r}")
        fields, time = split_unescaped(found.group(2), " ")
        if not fields or not re.fullmatch(r"-?\d+", time):
            raise ValueError(f"not line protocol: {line!r}")
        points.append(((found.group(1), int(time)), fields))
    return points


def graphite_lines(body):
    points = []
    for line in body.decode().splitlines():
        path, value, time = line.split(" ")
        points.append(((path, int(time)), float(value)))
    return points


def graphite_pickle(body):
    return [((path, int(time)), float(value)) for path, (time, value) in pickle.loads(body)]


def graphite_json(body):
    points = []
    for point in json.loads(body):
        if not point["name"] or not isinstance(point["interval"], int) or point["interval"] < 1:
            raise ValueError(f"not a point: {point}")
        points.append(((point["name"], tuple(sorted(point.get("tags") or [])), int(point["time"])),
                       float(point["value"])))
    return points


def statsd(body):
    """Lines have no time: each is a point of its own, in the order in which it came."""
    points = []
    for line in body.decode().splitlines():
        if line.startswith("_e{") or line.startswith("_sc|"):
            continue
        found = re.match(r"([^:|]+):([^|]+)\|(c|g|ms|h|d|s)(\||$)", line)
        if not found:
            raise ValueError(f"not a StatsD line: {line!r}")
        points.append(((line, None), found.group(2)))
    return points


# ---- protocol buffers, by the wire format alone ----

def varint(data, i):
    n = shift = 0
    while True:
        n |= (data[i] & 127) << shift
        i += 1
        if data[i - 1] < 128:
            return n, i
        shift += 7


def fields(data):
    """(number, value) of each field of a message."""
    i = 0
    while i < len(data):
        key, i = varint(data, i)
        kind = key & 7
        if kind == 0:
            value, i = varint(data, i)
        elif kind == 1:
            value, i = data[i:i + 8], i + 8
        elif kind == 2:
            n, i = varint(data, i)
            value, i = data[i:i + n], i + n
        elif kind == 5:
            value, i = data[i:i + 4], i + 4
        else:
            raise ValueError(f"wire type {kind}")
        if i > len(data):
            raise ValueError("a field goes beyond its message")
        yield key >> 3, value


def all_of(data, number):
    return [value for n, value in fields(data) if n == number]


def first_of(data, number, otherwise=None):
    return next(iter(all_of(data, number)), otherwise)


def unsnappy(data):
    """Snappy's block format."""
    size, i = varint(data, 0)
    out = bytearray()
    while i < len(data):
        tag, i = data[i], i + 1
        if tag & 3 == 0:
            n, extra = tag >> 2, max(0, (tag >> 2) - 59)
            if extra:
                n, i = int.from_bytes(data[i:i + extra], "little"), i + extra
            out += data[i:i + n + 1]
            i += n + 1
            continue
        if tag & 3 == 1:
            n, distance, i = (tag >> 2 & 7) + 4, (tag >> 5) << 8 | data[i], i + 1
        else:
            extra = 2 if tag & 3 == 2 else 4
            n, distance, i = (tag >> 2) + 1, int.from_bytes(data[i:i + extra], "little"), i + extra
        if not 0 < distance <= len(out):
            raise ValueError("snappy: a copy from before the beginning")
        for _ in range(n):
            out.append(out[-distance])
    if len(out) != size:
        raise ValueError(f"snappy: {len(out)} bytes, not {size}")
    return bytes(out)


def remote_write(body):
    points = []
    for series in all_of(unsnappy(body), 1):
        labels = tuple((first_of(l, 1), first_of(l, 2)) for l in all_of(series, 1))
        if list(labels) != sorted(labels):
            raise ValueError(f"labels are not sorted: {labels}")
        for sample in all_of(series, 2):
            points.append(((labels, first_of(sample, 2)), first_of(sample, 1, bytes(8))))
        for histogram in all_of(series, 4):
            points.append(((labels, first_of(histogram, 15)), bytes(histogram)))
    return points


OTLP_TIME = {5: 3, 7: 3, 9: 3, 10: 3, 11: 3}  # by the kind of the metric: the field of time
OTLP_ATTRIBUTES = {5: 7, 7: 7, 9: 9, 10: 1, 11: 7}


def otlp(body):
    points = []
    for resource in all_of(body, 1):
        for scope in all_of(resource, 2):
            for metric in all_of(scope, 2):
                name = first_of(metric, 1)
                for kind, data in fields(metric):
                    if kind not in OTLP_TIME:
                        continue
                    for point in all_of(data, 1):
                        attributes = tuple(sorted(bytes(a) for a in all_of(point, OTLP_ATTRIBUTES[kind])))
                        time = struct.unpack("<Q", first_of(point, OTLP_TIME[kind], bytes(8)))[0]
                        points.append(((name, attributes, time), bytes(point)))
    return points


def unpack(body, coding):
    """The body without its content coding."""
    if coding == "gzip":
        return gzip.decompress(body)
    if coding == "deflate":
        return zlib.decompress(body)
    return body
