"""A strict receiver of remote write 2.0: reads requests by the specification and refuses what breaks it."""
import re
import struct

STALE = 0x7FF0000000000002
NAME = re.compile(rb"[a-zA-Z_:][a-zA-Z0-9_:]*\Z")
LABEL = re.compile(rb"[a-zA-Z_][a-zA-Z0-9_]*\Z")
COUNTER, GAUGE, HISTOGRAM = 1, 2, 3


def snappy(block):
    """The content of a snappy block."""
    def varint(at):
        n = shift = 0
        while True:
            n |= (block[at] & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if block[at - 1] < 0x80:
                return n, at

    size, at = varint(0)
    out = bytearray()
    while at < len(block):
        tag, at = block[at], at + 1
        if tag & 3 == 0:
            n = tag >> 2
            if n >= 60:
                extra = n - 59
                n, at = int.from_bytes(block[at:at + extra], "little"), at + extra
            out += block[at:at + n + 1]
            at += n + 1
            continue
        if tag & 3 == 1:
            n, offset, at = (tag >> 2 & 7) + 4, (tag >> 5) << 8 | block[at], at + 1
        else:
            width = 2 if tag & 3 == 2 else 4
            n, offset, at = (tag >> 2) + 1, int.from_bytes(block[at:at + width], "little"), at + width
        assert 0 < offset <= len(out), "a copy from before the start"
        for _ in range(n):
            out.append(out[-offset])
    assert len(out) == size, "the block's length is wrong"
    return bytes(out)


class Message:
    """The fields of one protobuf message, in order."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def varint(self):
        n = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            n |= (byte & 0x7F) << shift
            if byte < 0x80:
                return n
            shift += 7
            assert shift < 70

    def __iter__(self):
        while self.at < len(self.data):
            key = self.varint()
            field, wire = key >> 3, key & 7
            if wire == 0:
                yield field, self.varint()
            elif wire == 1:
                self.at += 8
                yield field, struct.unpack("<d", self.data[self.at - 8:self.at])[0]
            else:
                assert wire == 2, f"wire type {wire}"
                n = self.varint()
                self.at += n
                assert self.at <= len(self.data), "a field beyond the end"
                yield field, self.data[self.at - n:self.at]


def packed(data):
    m, out = Message(data), []
    while m.at < len(data):
        out.append(m.varint())
    return out


def zigzag(n):
    return n >> 1 ^ -(n & 1)


def fields(data, known):
    """Single fields by name; `known` maps numbers to names, a name in brackets may come more than once."""
    out = {name.strip("[]"): [] for name in known.values() if name[0] == "["}
    for number, value in Message(data):
        assert number in known, f"unknown field {number}"
        name = known[number]
        if name[0] == "[":
            out[name.strip("[]")].append(value)
        else:
            assert name not in out, f"{name} twice"
            out[name] = value
    return out


def buckets(spans, deltas):
    """Bucket index to count."""
    out, index, count, at = {}, 0, 0, 0
    for span in spans:
        s = fields(span, {1: "offset", 2: "length"})
        index += zigzag(s["offset"])
        for _ in range(s["length"]):
            count += zigzag(deltas[at])
            assert count >= 0, "a bucket with less than nothing"
            out[index] = count
            index, at = index + 1, at + 1
    assert at == len(deltas), "spans and deltas differ in number"
    return out


def histogram(data):
    h = fields(data, {1: "count", 3: "sum", 4: "schema", 5: "zero_threshold", 6: "zero_count", 8: "[neg_spans]",
                      9: "neg", 11: "[pos_spans]", 12: "pos", 15: "timestamp", 17: "start"})
    h["positive"] = buckets(h["pos_spans"], packed(h.get("pos", b"")))
    h["negative"] = buckets(h["neg_spans"], packed(h.get("neg", b"")))
    assert -4 <= zigzag(h["schema"]) <= 8
    assert h["count"] == h["zero_count"] + sum(h["positive"].values()) + sum(h["negative"].values()), "count"
    return h


class Store:
    """What was received: last[labels] is the last value of a series, `stale` those that ended."""

    def __init__(self):
        self.last, self.times, self.types, self.first, self.stale, self.requests = {}, {}, {}, {}, set(), 0

    def request(self, headers, body):
        """Takes in one request; gives the number of samples and of histograms in it."""
        assert headers["Content-Encoding"] == "snappy"
        assert headers["Content-Type"] == "application/x-protobuf;proto=io.prometheus.write.v2.Request"
        assert headers["X-Prometheus-Remote-Write-Version"] == "2.0.0"
        assert headers["User-Agent"].startswith("brunt/")
        request = fields(snappy(body), {4: "[symbols]", 5: "[series]"})
        symbols = request["symbols"]
        assert symbols[0] == b"" and len(set(symbols)) == len(symbols), "symbols"
        counts = [self.series(s, symbols) for s in request["series"]]
        assert 0 < len(counts) <= 2000
        self.requests += 1
        return sum(c[0] for c in counts), sum(c[1] for c in counts)

    def series(self, data, symbols):
        s = fields(data, {1: "refs", 2: "[samples]", 3: "[histograms]", 5: "metadata"})
        refs = packed(s["refs"])
        assert len(refs) % 2 == 0
        labels = [(symbols[n], symbols[v]) for n, v in zip(refs[::2], refs[1::2])]
        names = [n for n, _ in labels]
        assert names == sorted(set(names)), f"labels are not sorted and unique: {names}"
        assert all(LABEL.match(n) and v for n, v in labels), f"labels: {labels}"
        assert all(not n.startswith(b"__") or n == b"__name__" for n in names)
        key = tuple((n.decode(), v.decode()) for n, v in labels)
        assert NAME.match(dict(labels)[b"__name__"])
        assert len(s["samples"]) + len(s["histograms"]) == 1, "samples or histograms, at least one"
        kind = fields(s["metadata"], {1: "type", 3: "help", 4: "unit"})["type"] if "metadata" in s else None
        for sample in s["samples"]:
            self.sample(key, kind, fields(sample, {1: "value", 2: "timestamp", 3: "start"}))
        for h in s["histograms"]:
            assert kind == HISTOGRAM
            self.point(key, kind, histogram(h))
        return len(s["samples"]), len(s["histograms"])

    def sample(self, key, kind, sample):
        if struct.unpack("<Q", struct.pack("<d", sample["value"]))[0] == STALE:
            assert key in self.last and sample["timestamp"] > self.times[key] and key not in self.stale
            self.stale.add(key)
            return
        assert kind in (COUNTER, GAUGE)
        self.point(key, kind, sample)

    def point(self, key, kind, value):
        assert key not in self.stale, "a point after the stale marker"
        assert value["timestamp"] > self.times.get(key, 0), "times do not ascend"
        assert self.types.setdefault(key, kind) == kind
        if kind != GAUGE:
            assert 0 < value["start"] <= value["timestamp"], "a start"
        self.times[key] = value["timestamp"]
        self.first.setdefault(key, value)
        self.last[key] = value

    def named(self, name):
        return [v for k, v in self.last.items() if dict(k)["__name__"] == name]
