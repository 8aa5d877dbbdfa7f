#!/usr/bin/env python3
"""Faults of receivers against sinks that push: after the fault no point is missing, and none has two values.

    faults.py BRUNT                 a chosen part of the grid, for CI
    faults.py BRUNT --full          every fault with every sink; prints the grid
    faults.py BRUNT --only otlp     sinks or faults whose name is given; may be repeated

Each case is a real `brunt run` with one output that goes to a receiver of our own (receiver.py). The fault begins with
the run or after the first points, lasts two seconds, and ends; `late` ends after the run, so that all is on disk, and
`none` is no fault. Then brunt's account (produced = acknowledged + spooled + dropped) is held against what the receiver
has: what is still on disk is delivered by `brunt spool send`.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "system")]

from harness import Process, Target  # noqa: E402
from receiver import STREAMS, Receiver  # noqa: E402

FAULT_S = 2.0
RUN_S = 4

# The text of -o, by sink; its protocol is the receiver's.
SINKS = {
    "influxdb": ("influxdb", "influxdb={http}/k6?version=1&samples=aggregate"),
    "influxdb2": ("influxdb", "influxdb={http}/k6?version=2&organization=o&token=t&samples=aggregate"),
    "graphite": ("graphite", "graphite=tcp://{host}:{port}"),
    "pickle": ("pickle", "graphite=pickle://{host}:{port}"),
    "graphite-http": ("graphite-http", "graphite={http}/graphite/metrics?username=1&apiKey=t"),
    "remote-write": ("remote-write", "remote-write={http}/api/v1/write?version=1&interval=1s"),
    "otlp": ("otlp", "otlp={http}"),
    "statsd": ("statsd", "statsd=tcp://{host}:{port}"),
}

# Whether the fault is there before the first connection; whether a protocol without answers can have it.
FAULTS = {
    "refused": (True, True), "blackhole": (False, True), "reset": (False, True), "fin": (False, True),
    "429": (False, False), "500": (False, False), "503": (False, False), "partial": (False, False),
    "slow": (False, True), "tls": (True, False), "dns": (True, True), "restart": (False, True),
    "late": (False, True), "none": (False, True),
}
HTTP_ONLY = {fault for fault, (_, streams) in FAULTS.items() if not streams}

SHORT = [("influxdb", "refused"), ("influxdb", "partial"), ("influxdb2", "503"), ("influxdb2", "tls"),
         ("graphite", "restart"), ("pickle", "refused"), ("graphite-http", "429"), ("graphite-http", "fin"),
         ("remote-write", "500"), ("remote-write", "reset"), ("otlp", "503"), ("otlp", "blackhole"),
         ("statsd", "refused"), ("influxdb", "late")]

# StatsD has no acknowledgements: what was under way when the receiver died is lost, and nobody can know how much of it
# had been read. Such a case must lose no more than one delivery, and the others nothing. (Graphite has none either, but
# its sink takes the receiver's end of the connection for one.)
UNSURE = {("statsd", fault) for fault in ("reset", "fin", "blackhole", "slow", "restart")}
# The specification of OTLP says that 500 is final: what was in such a delivery is dropped, and brunt says so.
FINAL = {("otlp", "500")}


class Failure(Exception):
    pass


# ---- certificates ----

CA_CONF = """
[ca]
default_ca = x
[x]
database = {dir}/index
serial = {dir}/serial
new_certs_dir = {dir}
default_md = sha256
policy = any
x509_extensions = ext
[any]
commonName = supplied
[ext]
subjectAltName = DNS:localhost
basicConstraints = critical,CA:true
[req]
distinguished_name = dn
[dn]
"""


class Certificates:
    """One that has expired and one that is good, both of authorities that the runs are told to trust."""

    def __init__(self, where):
        self.dir = pathlib.Path(where)
        (self.dir / "ca.conf").write_text(CA_CONF.format(dir=self.dir))
        (self.dir / "index").touch()
        (self.dir / "index.attr").write_text("unique_subject = no\n")
        (self.dir / "serial").write_text("01\n")
        self.contexts = {"expired": self.make("expired", "20200101000000Z", "20200102000000Z"),
                         "good": self.make("good", "20200101000000Z", "20490101000000Z")}
        self.trusted = self.dir / "trusted.pem"
        self.trusted.write_bytes(b"".join((self.dir / f"{n}.pem").read_bytes() for n in ("expired", "good")))

    def make(self, name, begin, end):
        import ssl

        key, request, cert = (str(self.dir / f"{name}.{kind}") for kind in ("key", "csr", "pem"))
        conf = ["-config", str(self.dir / "ca.conf")]
        for command in (["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                         key, "-out", request, "-subj", "/CN=localhost", *conf],
                        ["ca", "-batch", "-selfsign", "-notext", "-keyfile", key, "-in", request, "-out", cert,
                         "-startdate", begin, "-enddate", end, *conf]):
            subprocess.run(["openssl", *command], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        return context


# ---- names ----

class NameServer:
    """Answers for one name: that there is none, until it is told otherwise. On port 53 of an address of its own."""

    NAME = "sink.test"

    def __init__(self):
        self.known = False
        self.asked = 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for last in range(2, 250):
            self.host = f"127.83.{os.getpid() % 250}.{last}"
            try:
                self.socket.bind((self.host, 53))
                break
            except PermissionError:
                raise Failure("the fault dns needs port 53 of a loopback address: run this as root") from None
            except OSError:
                continue
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                query, peer = self.socket.recvfrom(512)
            except OSError:
                return
            self.asked += 1
            self.socket.sendto(self.answer(query), peer)

    def answer(self, query):
        end = query.index(b"\0", 12) + 5
        is_a = query[end - 4:end - 2] == b"\0\1"
        has = self.known and is_a
        flags = 0x8180 if self.known else 0x8183
        head = query[:2] + struct.pack(">HHHHH", flags, 1, has, 0, 0) + query[12:end]
        record = b"\xc0\x0c" + struct.pack(">HHIH4s", 1, 1, 0, 4, socket.inet_aton("127.0.0.1"))
        return head + (record if has else b"")

    def wrap(self, command, where):
        """The command with this server in its /etc/resolv.conf, and in nobody else's."""
        conf = where / "resolv.conf"
        conf.write_text(f"nameserver {self.host}\noptions timeout:1 attempts:1\n")
        return ["unshare", "-m", "sh", "-c", 'mount --bind "$0" /etc/resolv.conf && exec "$@"', str(conf), *command]

    def end(self):
        self.socket.close()


# ---- one case ----

class Case:
    def __init__(self, options, target, certificates, sink, fault):
        self.options, self.target, self.certificates = options, target, certificates
        self.sink, self.fault = sink, fault
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix=f"brunt-{sink}-{fault}-"))
        tls = certificates.contexts if fault == "tls" else None
        self.receiver = Receiver(SINKS[sink][0], tls)
        self.names = NameServer() if fault == "dns" else None

    def spec(self):
        host = {"tls": "localhost", "dns": NameServer.NAME}.get(self.fault, "127.0.0.1")
        port = self.receiver.port
        scheme = "https" if self.fault == "tls" else "http"
        return SINKS[self.sink][1].format(http=f"{scheme}://{host}:{port}", host=host, port=port)

    def environment(self):
        keep = {k: v for k, v in os.environ.items() if not k.startswith(("K6_", "BRUNT_", "OTEL_"))}
        return {**keep, "SSL_CERT_FILE": str(self.certificates.trusted), "BRUNT_SPOOL_DIR": str(self.dir / "spool")}

    def command(self, *arguments):
        command = [self.options.brunt, *arguments]
        return self.names.wrap(command, self.dir) if self.names else command

    def start(self):
        return Process(self.command("run", self.target.url, "-d", f"{RUN_S}s", "-c", "1", "--rate", "50", "-o",
                                    self.spec(), "--drain-timeout", "500ms" if self.fault == "late" else "10s",
                                    "--summary-export", str(self.dir / "summary.json")), env=self.environment())

    def is_first(self):
        return FAULTS[self.fault][0]

    def begin(self):
        if self.fault not in ("dns", "none"):
            self.receiver.begin(self.fault)

    def recover(self):
        if self.names:
            self.names.known = True
        self.receiver.recover()

    def wait_for_points(self, process):
        end = time.monotonic() + RUN_S
        while time.monotonic() < end and process.popen.poll() is None and not self.receiver.points.received:
            time.sleep(0.01)

    def wait_for_trouble(self, process):
        """Two seconds, and until the fault was met: a busy machine may bring a run to a halt for longer than that."""
        time.sleep(FAULT_S)
        end = time.monotonic() + 8
        while time.monotonic() < end and process.popen.poll() is None:
            if self.receiver.met_fault or list((self.dir / "spool").glob("*")):
                break
            time.sleep(0.05)

    def run(self):
        if self.is_first():
            self.begin()
        process = self.start()
        if not self.is_first():
            self.wait_for_points(process)
            self.begin()
        if self.fault == "late":
            process.popen.wait(30)
        elif self.fault != "none":
            self.wait_for_trouble(process)
        self.recover()
        return process.wait()

    # ---- the account ----

    def account(self, result):
        path = self.dir / "summary.json"
        if not path.exists():
            raise Failure(f"no summary\n{result}")
        outputs = json.loads(path.read_text()).get("outputs") or {}
        if len(outputs) != 1:
            raise Failure(f"the summary has no account of the output\n{result}")
        return next(iter(outputs.values()))

    def send_rest(self, expected):
        """`brunt spool send` of what is left; how many points it says to have sent."""
        sent = subprocess.run(self.command("spool", "send", "--all", "--drain-timeout", "10s"), env=self.environment(),
                              capture_output=True, text=True, timeout=60)
        if sent.returncode or f"{expected} points sent" not in sent.stdout:
            raise Failure(f"brunt spool send: {sent.returncode}, expected {expected} points\n{sent.stdout}{sent.stderr}")

    def check(self, result):
        a = self.account(result)
        text = f"account {a}"
        if a["produced"] != a["acknowledged"] + a["spooled"] + a["dropped"] + a["queued"]:
            raise Failure(f"the account does not add up: {text}")
        if a["produced"] < 10 or (self.fault != "none" and not (self.receiver.met_fault or a["retries"])):
            raise Failure(f"the fault was never met: {text}\n{result}")
        if (result.code == 115) != bool(a["spooled"] or a["dropped"]):
            raise Failure(f"exit code {result.code}: {text}")
        if a["spooled"]:
            self.send_rest(a["spooled"])
        if list((self.dir / "spool").glob("*")):
            raise Failure(f"something is left on disk: {text}")
        self.check_points(a, result)
        return a

    def got(self):
        """Points that the receiver has; lines of StatsD have no time that would tell repetitions."""
        points = self.receiver.points
        return points.received if self.sink == "statsd" else points.distinct()

    def check_points(self, a, result):
        points, pair = self.receiver.points, (self.sink, self.fault)
        expected = a["produced"] - a["dropped"]
        got = self.got()
        if self.receiver.errors:
            raise Failure(f"the receiver could not read it: {self.receiver.errors[:3]}")
        if points.contradictions():
            raise Failure(f"{points.contradictions()} points came with two values")
        if got < expected and pair not in UNSURE:
            raise Failure(f"{expected - got} of {expected} points are lost: {a}\n{result}")
        if got < expected - a["produced"] // RUN_S:
            raise Failure(f"more than one delivery is lost: {expected - got} of {expected}: {a}")
        allowed = 1 if self.fault == "partial" else 0
        if a["dropped"] != allowed and pair not in FINAL:
            raise Failure(f"{a['dropped']} points were dropped, not {allowed}: {a}\n{result}")

    def end(self):
        self.receiver.end()
        if self.names:
            self.names.end()
        shutil.rmtree(self.dir, ignore_errors=True)


def carry_out(options, target, certificates, pair):
    case = None
    try:
        case = Case(options, target, certificates, *pair)
        a = case.check(case.run())
        lost = max(0, a["produced"] - a["dropped"] - case.got())
        note = f" -{lost}" if lost else f" /{a['dropped']}" if a["dropped"] else ""
        return pair, f"ok{note}", ""
    except (Failure, OSError, subprocess.SubprocessError, ValueError) as e:
        return pair, "FAIL", f"{type(e).__name__}: {e}"
    finally:
        if case:
            case.end()


# ---- the grid ----

def pairs_of(options):
    if not options.full and not options.only:
        return SHORT
    faults = list(FAULTS)
    pairs = [(s, f) for s in SINKS for f in faults if SINKS[s][0] not in STREAMS or f not in HTTP_ONLY]
    names = set(options.only)
    sinks, kinds = names & set(SINKS), names & set(faults)
    if names - sinks - kinds:
        sys.exit(f"no sink or fault is called {', '.join(names - sinks - kinds)}; there are {', '.join([*SINKS, *faults])}")
    return [(s, f) for s, f in pairs if (not sinks or s in sinks) and (not kinds or f in kinds)]


def print_grid(results):
    faults = [f for f in FAULTS if any(f == k[1] for k in results)]
    print(f"{'':14}" + "".join(f"{f:>10}" for f in faults))
    for sink in SINKS:
        row = [results.get((sink, f), ("", ""))[0] or "." for f in faults]
        if any(cell != "." for cell in row):
            print(f"{sink:14}" + "".join(f"{cell:>10}" for cell in row))
    if any(cell.startswith("ok -") for cell, _ in results.values()):
        print("ok -N: N points were under way on a stream without acknowledgements when it broke")
    if any(cell.startswith("ok /") for cell, _ in results.values()):
        print("ok /N: the receiver refused N points for good, and the account says that they were dropped")



def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("brunt")
    parser.add_argument("--full", action="store_true", help="every fault with every sink")
    parser.add_argument("--only", action="append", default=[], help="a sink or a fault")
    parser.add_argument("--jobs", type=int, default=7, help="cases at one time")
    options = parser.parse_args()
    options.brunt = str(pathlib.Path(options.brunt).resolve())
    with tempfile.TemporaryDirectory(prefix="brunt-ca-") as where:
        certificates, target = Certificates(where), Target(options.brunt)
        try:
            with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
                done = list(pool.map(lambda p: carry_out(options, target, certificates, p), pairs_of(options)))
        finally:
            target.end()
    results = {pair: (cell, why) for pair, cell, why in done}
    print_grid(results)
    for pair, (cell, why) in results.items():
        if cell == "FAIL":
            print(f"\n{pair[0]} × {pair[1]}: {why}")
    return any(cell == "FAIL" for cell, _ in results.values())


if __name__ == "__main__":
    sys.exit(main())
