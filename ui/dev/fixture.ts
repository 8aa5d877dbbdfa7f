// A run that never was, for looking at the page without the program: a shop under a rising load, with a bad minute.
import type { Entry, Frame, Heat, MetricInfo, RunDoc, RunEvent, RunInfo, Threshold } from "../src/lib/doc";

/** Numbers that are the same every time. */
function random(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const METRICS: Record<string, MetricInfo> = {
  http_reqs: { type: "counter", contains: "default", help: "HTTP round trips", builtin: true },
  http_req_duration: { type: "trend", contains: "time", help: "sending, waiting and receiving of one round trip", builtin: true },
  http_req_response_time: { type: "trend", contains: "time", help: "a round trip from the instant at which it was due", builtin: true },
  http_req_failed: { type: "rate", contains: "default", help: "share of round trips with an unexpected status", builtin: true },
  http_req_waiting: { type: "trend", contains: "time", help: "waiting for the first byte of the response", builtin: true },
  http_req_data_received: { type: "counter", contains: "data", help: "bytes received", builtin: true },
  http_req_data_sent: { type: "counter", contains: "data", help: "bytes sent", builtin: true },
  http_req_blocked: { type: "trend", contains: "time", help: "waiting for a free connection", builtin: true },
  http_req_receiving: { type: "trend", contains: "time", help: "receiving the response", builtin: true },
  data_received: { type: "counter", contains: "data", help: "bytes received over TCP", builtin: true },
  data_sent: { type: "counter", contains: "data", help: "bytes sent over TCP", builtin: true },
  iterations: { type: "counter", contains: "default", help: "iterations that ran to their end", builtin: true },
  iteration_duration: { type: "trend", contains: "time", help: "time of one complete iteration", builtin: true },
  iteration_response_time: { type: "trend", contains: "time", help: "an iteration from the instant at which it was due", builtin: true },
  dropped_iterations: { type: "counter", contains: "default", help: "iterations that were due and never started", builtin: true },
  vus: { type: "gauge", contains: "default", help: "virtual users that are active", builtin: true },
  vus_max: { type: "gauge", contains: "default", help: "virtual users that were initialised", builtin: true },
  checks: { type: "rate", contains: "default", help: "share of checks that passed", builtin: true },
  group_duration: { type: "trend", contains: "time", help: "time of one group() call", builtin: true },
  generator_busy: { type: "gauge", contains: "default", help: "share of the time in which a loop did not wait", builtin: true },
  generator_cpu: { type: "gauge", contains: "default", help: "share of the time on a processor", builtin: true },
  generator_loop_lag: { type: "trend", contains: "time", help: "how late a loop noticed that timers were due", builtin: true },
  generator_gc_time: { type: "counter", contains: "time", help: "time of collecting the script's garbage", builtin: true },
  generator_script_time: { type: "counter", contains: "time", help: "time inside the script's code", builtin: true },
  generator_late_starts: { type: "rate", contains: "default", help: "share of iterations that started late", builtin: true },
  generator_memory: { type: "gauge", contains: "data", help: "memory that the process holds", builtin: true },
  generator_descriptors: { type: "gauge", contains: "default", help: "files and sockets that are open", builtin: true },
  sink_backlog: { type: "gauge", contains: "default", help: "points of an output that wait", builtin: true },
  cart_value_eur: { type: "trend", contains: "default", help: "", builtin: false },
  checkout_time: { type: "trend", contains: "time", help: "", builtin: false },
  orders: { type: "counter", contains: "default", help: "", builtin: false },
  cache_hits: { type: "rate", contains: "default", help: "", builtin: false },
  queue_depth: { type: "gauge", contains: "default", help: "", builtin: false },
  payload: { type: "counter", contains: "data", help: "", builtin: false },
};

const WORDS = ["products", "products/${id}", "cart", "cart/items", "checkout", "login", "search?q=${term}", "orders", "orders/${id}", "reviews"];
const METHODS = ["GET", "GET", "POST", "PUT", "DELETE"];
const ERRORS: [string, string][] = [
  ["1050", "request timeout"],
  ["1503", "server error: 503"],
  ["1212", "connection refused"],
  ["1404", "client error: 404"],
];

const EVENTS: RunEvent[] = [
  { at_ms: 0, t: 180, kind: "scale-rate", text: "browse: 240/s → 300/s by page", by: "page", scenario: "browse", from: 240, to: 300 },
  { at_ms: 0, t: 372, kind: "threshold", text: "http_req_duration p(99)<800 failed: 1.12 s" },
  { at_ms: 0, t: 430, kind: "threshold", text: "http_req_duration p(99)<800 passed again" },
];

export interface FixtureOptions {
  steps: number;
  endpoints: number;
  live: boolean;
  now: number;
}

/** One entry while it is made: what a tick adds, and the sum. */
interface Maker {
  entry: Entry;
  next: (t: number) => number[] | null;
}

function load(t: number): number {
  return t < 120 ? t / 120 : t < 480 ? 1 : Math.max(0.3, 1 - (t - 480) / 170);
}

function trouble(t: number): number {
  return Math.exp(-(((t - 395) / 26) ** 2));
}

export class Fixture {
  readonly doc: RunDoc;
  private makers: Maker[] = [];
  private rnd = random(7);
  private t = 0;

  constructor(private options: FixtureOptions) {
    this.doc = {
      format: "brunt-run",
      version: 1,
      run: this.runInfo(),
      metrics: METRICS,
      timeline: { seq: 0, step_s: 1, t: [] },
      entries: [],
      heat: [{ metric: "http_req_duration", rows: [] }, { metric: "http_req_response_time", rows: [] }],
      events: [],
      exchanges: [],
      exceptions: [],
    };
    this.describe();
    for (let i = 0; i < options.steps; i++) this.tick();
    this.doc.exchanges = this.exchanges();
    this.doc.exceptions = this.exceptions();
    this.doc.script_text = SCRIPT;
  }

  /** A second more; what the stream would say of it. */
  tick(): Frame {
    const { doc } = this;
    const t = ++this.t;
    const frame: Frame = { seq: t, t, dt: 1, points: [], totals: [], heat: [], run: {} };

    doc.timeline.t.push(t);
    doc.timeline.seq = t;
    this.makers.forEach((m, id) => {
      const p = m.next(t);
      (m.entry.points as (number | null)[][]).forEach((c, k) => c.push(p ? (p[k] as number) : null));
      if (!p) return;
      sum(m.entry, METRICS[m.entry.metric] as MetricInfo, p);
      frame.points.push([id, ...p]);
      frame.totals.push([id, ...m.entry.total]);
    });
    for (const h of doc.heat) {
      const row = this.heatRow(t, h);
      h.rows.push(row);
      frame.heat.push({ metric: h.metric, row });
    }
    const events = EVENTS.filter((e) => e.t === t).map((e) => ({ ...e, at_ms: (doc.run.started_ms ?? 0) + t * 1000 }));
    doc.events.push(...events);
    if (events.length > 0) frame.events = events;
    this.judge(t);
    frame.run = { state: doc.run.state, stage: "scenarios", duration_s: t, thresholds: doc.run.thresholds, scenarios: doc.run.scenarios, outputs: doc.run.outputs, verdict: doc.run.verdict, headline: doc.run.headline };
    return frame;
  }

  /** The stream's first event. */
  entries(): NonNullable<Frame["add"]> {
    return this.makers.map((m, id) => ({ id, metric: m.entry.metric, by: m.entry.by, tags: m.entry.tags, ...(m.entry.name ? { name: m.entry.name } : {}) }));
  }

  private heatRow(t: number, h: Heat): number[] {
    const middle = 4 * Math.log2((0.055 + 0.9 * trouble(t) + (h.metric === "http_req_response_time" ? 0.4 * trouble(t - 8) : 0)) * (0.8 + 0.4 * load(t)));
    const row: number[] = [];
    for (let b = Math.floor(middle) - 9; b < middle + 16; b++) {
      const n = Math.round(900 * load(t) * Math.exp(-(((b - middle) / 3.2) ** 2)) * (0.7 + 0.6 * this.rnd()));
      if (n > 0) row.push(b, n);
    }
    return row;
  }

  private trend(metric: string, by: Entry["by"], tags: Record<string, string>, weight: number, scale: number, name?: string): void {
    this.add(metric, by, tags, (t) => {
      const n = Math.round(640 * load(t) * weight * (0.85 + 0.3 * this.rnd()));
      if (n === 0) return null;
      const p50 = scale * (0.9 + 0.2 * this.rnd()) * (0.8 + 0.35 * load(t) + 5 * trouble(t));
      const p95 = p50 * (2.3 + 0.5 * this.rnd());
      const p99 = p95 * (1.5 + 0.5 * this.rnd());
      return [n, n * p50 * 1.25, p50 * 0.3, p99 * (1.2 + this.rnd()), p50, p50 * 1.9, p95, p99];
    }, name);
  }

  private counter(metric: string, by: Entry["by"], tags: Record<string, string>, amount: (t: number) => number): void {
    this.add(metric, by, tags, (t) => {
      const n = Math.round(amount(t));
      return n > 0 ? [n] : null;
    });
  }

  private rate(metric: string, by: Entry["by"], tags: Record<string, string>, weight: number, share: (t: number) => number): void {
    this.add(metric, by, tags, (t) => {
      const n = Math.round(640 * load(t) * weight * (0.9 + 0.2 * this.rnd()));
      return n > 0 ? [Math.min(n, Math.round(n * share(t))), n] : null;
    });
  }

  private gauge(metric: string, by: Entry["by"], tags: Record<string, string>, value: (t: number) => number): void {
    this.add(metric, by, tags, (t) => {
      const v = value(t);
      return [v, v * 0.97, v * 1.03];
    });
  }

  private add(metric: string, by: Entry["by"], tags: Record<string, string>, next: Maker["next"], name?: string): void {
    const type = (METRICS[metric] as MetricInfo).type;
    const columns = { counter: 1, gauge: 3, rate: 2, trend: 8 }[type];
    const entry: Entry = { metric, by, tags, ...(name ? { name } : {}), total: [], points: Array.from({ length: columns }, () => []) };
    this.doc.entries.push(entry);
    this.makers.push({ entry, next });
  }

  private describe(): void {
    const fail = (t: number) => 0.002 + 0.16 * trouble(t) * this.rnd();

    this.trend("http_req_duration", "", {}, 1, 46);
    this.trend("http_req_duration", "submetric", { expected_response: "true" }, 0.98, 45, "http_req_duration{expected_response:true}");
    this.trend("http_req_response_time", "", {}, 1, 61);
    this.trend("http_req_waiting", "", {}, 1, 40);
    this.trend("http_req_blocked", "", {}, 1, 2.4);
    this.trend("http_req_receiving", "", {}, 1, 5);
    this.trend("iteration_duration", "", {}, 0.4, 180);
    this.trend("iteration_response_time", "", {}, 0.4, 210);
    this.counter("http_reqs", "", {}, (t) => 640 * load(t) * (0.95 + 0.1 * this.rnd()));
    this.counter("iterations", "", {}, (t) => 246 * load(t) * (0.95 + 0.1 * this.rnd()) * (1 - 0.3 * trouble(t)));
    this.counter("dropped_iterations", "", {}, (t) => 70 * trouble(t - 6) * this.rnd());
    this.counter("data_received", "", {}, (t) => 2.4e6 * load(t));
    this.counter("data_sent", "", {}, (t) => 2.4e5 * load(t));
    this.rate("http_req_failed", "", {}, 1, fail);
    this.rate("checks", "", {}, 2, (t) => 1 - fail(t) / 2);
    this.gauge("vus", "", {}, (t) => Math.round(20 + 90 * load(t) + 70 * trouble(t)));
    this.gauge("vus_max", "", {}, () => 200);

    const sizes = Array.from({ length: this.options.endpoints }, (_v, i) => 1 / (i + 2));
    const whole = sizes.reduce((a, b) => a + b, 0);
    sizes.forEach((size, i) => {
      const tags = { name: `https://shop.example.com/${WORDS[i % WORDS.length]}${i < WORDS.length ? "" : `/v${Math.floor(i / WORDS.length)}`}`, method: METHODS[i % METHODS.length] as string };
      const w = size / whole;
      this.trend("http_req_duration", "endpoint", tags, w, 20 + 9 * ((i * 7) % 13));
      if (i % 2 === 0) this.trend("http_req_response_time", "endpoint", tags, w, 28 + 9 * ((i * 7) % 13));
      this.counter("http_reqs", "endpoint", tags, (t) => 640 * load(t) * w * (0.9 + 0.2 * this.rnd()));
      this.rate("http_req_failed", "endpoint", tags, w, (t) => (i % 4 === 1 ? 3 * fail(t) : i % 4 === 0 ? 0 : 0.3 * fail(t)));
      this.counter("http_req_data_received", "endpoint", tags, (t) => 2.4e6 * load(t) * w);
      this.counter("http_req_data_sent", "endpoint", tags, (t) => 2.4e5 * load(t) * w);
    });
    for (const [status, share] of [["200", 0.9], ["201", 0.06], ["304", 0.03], ["404", 0.004], ["503", 0.02], ["0", 0.002]] as const)
      this.counter("http_reqs", "status", { status }, (t) => 640 * load(t) * share * (Number(status) >= 500 || status === "0" ? 6 * trouble(t) : 1) * (0.7 + 0.6 * this.rnd()));
    ERRORS.forEach(([error_code, error], i) => this.counter("http_reqs", "error", { error_code, error }, (t) => (i + 1) * 9 * trouble(t) * this.rnd() + (this.rnd() < 0.02 ? 1 : 0)));
    for (const [scenario, w] of [["browse", 0.7], ["buy", 0.3]] as const) {
      this.trend("iteration_duration", "scenario", { scenario }, 0.4 * w, scenario === "buy" ? 420 : 140);
      this.trend("http_req_duration", "scenario", { scenario }, w, scenario === "buy" ? 70 : 38);
      this.counter("iterations", "scenario", { scenario }, (t) => 246 * load(t) * w);
      this.counter("http_reqs", "scenario", { scenario }, (t) => 640 * load(t) * w);
      this.rate("http_req_failed", "scenario", { scenario }, w, fail);
    }
    for (const group of ["::browse", "::browse::product page", "::buy", "::buy::payment"]) {
      this.trend("group_duration", "group", { group }, 0.3, 60 + 30 * group.length);
      this.trend("http_req_duration", "group", { group }, 0.3, 30 + group.length);
    }
    ["status is 200", "has a price", "cart is not empty", "payment accepted", "under 500 ms"].forEach((check, i) =>
      this.rate("checks", "check", { check, group: i > 2 ? "::buy" : "::browse" }, 0.4, (t) => (i === 1 || i === 2 ? 1 : 1 - fail(t) * (i + 1) * 0.5)),
    );
    this.trend("cart_value_eur", "", {}, 0.1, 58);
    this.trend("cart_value_eur", "series", { country: "de" }, 0.06, 61);
    this.trend("cart_value_eur", "series", { country: "fr" }, 0.04, 52);
    this.trend("checkout_time", "", {}, 0.05, 640);
    this.counter("orders", "", {}, (t) => 30 * load(t) * (0.7 + 0.6 * this.rnd()));
    this.rate("cache_hits", "", {}, 0.6, () => 0.84 + 0.1 * this.rnd());
    this.gauge("queue_depth", "", {}, (t) => 12 + 240 * trouble(t) * this.rnd());
    this.counter("payload", "", {}, (t) => 48_000 * load(t));
    for (const loop of ["0", "1"]) {
      this.gauge("generator_busy", "series", { loop }, (t) => 0.1 + 0.35 * load(t) + 0.05 * this.rnd());
      this.gauge("generator_cpu", "series", { loop }, (t) => 0.08 + 0.3 * load(t) + 0.05 * this.rnd());
      this.trend("generator_loop_lag", "series", { loop }, 0.6, 0.04);
      this.counter("generator_gc_time", "series", { loop }, (t) => 6 * load(t) * (0.5 + this.rnd()));
      this.counter("generator_script_time", "series", { loop }, (t) => 160 * load(t));
      this.rate("generator_late_starts", "series", { loop }, 0.3, () => 0.0005);
    }
    this.gauge("generator_memory", "", {}, (t) => 84e6 + 2e4 * t);
    this.gauge("generator_descriptors", "", {}, (t) => 60 + 100 * load(t));
    for (const sink of ["prometheus", "influxdb"]) this.gauge("sink_backlog", "series", { sink, place: "queue" }, (t) => Math.round(sink === "influxdb" ? 4000 * trouble(t - 20) : 12 * this.rnd()));
  }

  private value(metric: string, by: Entry["by"], column: number): number {
    return this.doc.entries.find((e) => e.metric === metric && e.by === by)?.total[column] ?? 0;
  }

  private judge(t: number): void {
    const { run } = this.doc;
    const make = (metric: string, source: string, stat: string, op: string, limit: number, value: number, passed: boolean): Threshold => ({ metric, source, state: t < 5 ? "unjudged" : passed ? "passed" : "failed", stat, op, limit, value, abort_on_fail: false });
    const p95 = this.value("http_req_duration", "", 6);
    const p99 = this.value("http_req_duration", "", 7);
    const failed = this.value("http_req_failed", "", 0) / (this.value("http_req_failed", "", 1) || 1);
    const checks = this.value("checks", "", 0) / (this.value("checks", "", 1) || 1);

    run.thresholds = [
      make("http_req_duration", "p(95)<500", "p(95)", "<", 500, p95, p95 < 500),
      { ...make("http_req_duration", "p(99)<400", "p(99)", "<", 400, p99, p99 < 400), text: "since 6:12" },
      make("http_req_failed", "rate<0.02", "rate", "<", 0.02, failed, failed < 0.02),
      { ...make("checks", "rate>0.95", "rate", ">", 0.95, checks, checks > 0.95), window_s: 60 },
      make("http_req_duration{expected_response:true}", "p(95)<150", "p(95)", "<", 150, p95 * 0.98, p95 * 0.98 < 150),
    ];
    const length = 660;
    const done = t >= length || !this.options.live;
    run.scenarios = [
      { name: "browse", executor: "ramping-arrival-rate", state: done ? "done" : "running", vus: done ? 0 : 71, vus_max: 140, complete: this.value("iterations", "", 0) * 0.7, dropped: this.value("dropped_iterations", "", 0), rate: done ? null : 170 * load(t), elapsed_s: Math.min(t, length), length_s: length, start_s: 0 },
      { name: "buy", executor: "constant-vus", state: done ? "done" : t < 30 ? "waiting" : "running", vus: done ? 0 : 40, vus_max: 60, complete: this.value("iterations", "", 0) * 0.3, dropped: 0, rate: null, elapsed_s: Math.max(0, Math.min(t, length) - 30), length_s: length - 30, start_s: 30 },
    ];
    run.duration_s = t;
    run.outputs = {
      prometheus: { produced: 412 * t, acknowledged: 412 * t - 12, spooled: 0, dropped: 0, backlog: 12 },
      influxdb: { produced: 380 * t, acknowledged: 380 * t - 4000, spooled: 4000, dropped: 0, backlog: 4000, error: "http://10.1.2.3:8086: connection refused; tries again in 4 s" },
    };
    run.headline = { requests: this.value("http_reqs", "", 0), rate: this.value("http_reqs", "", 0) / t, iterations: this.value("iterations", "", 0), failed, checks, p50: this.value("http_req_duration", "", 4), p95, p99, max: this.value("http_req_duration", "", 3), vus_max: 200, spark: [] };
  }

  private exceptions(): RunDoc["exceptions"] {
    const at = this.options.now - this.options.steps * 1000;
    const stack = (text: string, line: number) => `${text}\n\tat total (file:///home/ci/tests/load/cart.js:${line}:17)\n\tat buy (file:///home/ci/tests/load/shop.js:${line + 9}:5)\n`;
    const one = (kind: string, message: string, line: number, count: number, first_t: number, last_t: number) => ({
      kind, message, place: `cart.js:${line}:17`, scenario: "buy", count, first_t, last_t, first_ms: at + first_t * 1000, last_ms: at + last_t * 1000, workers: [1, 2], others: false, stack: stack(`${kind}: ${message}`, line),
    });
    return [one("TypeError", "cannot read property 'price' of undefined", 31, 1204, 31.4, 640.2), one("Error", "no token for <user 17> & co.", 8, 3, 402.118, 460.9)];
  }

  private exchanges(): RunDoc["exchanges"] {
    return Array.from({ length: 14 }, (_v, i) => {
      const failed = i < 9;
      const [error_code, error] = ERRORS[i % ERRORS.length] as [string, string];
      const name = `https://shop.example.com/${WORDS[i % WORDS.length]}`;
      return {
        key: i + 1, kind: failed ? "failed" as const : "slow" as const, name, method: METHODS[i % METHODS.length] as string, url: name.replace(/\$\{.*?\}/, "4711"),
        status: failed ? (error_code === "1503" ? 503 : error_code === "1404" ? 404 : 0) : 200, error_code: failed ? error_code : "", error: failed ? error : "", scenario: "browse", t: 380 + i, duration_ms: failed ? 812 + i : 1800 + 90 * i,
        har: har(name, failed),
      };
    });
  }

  private runInfo(): RunInfo {
    const { now, steps, live } = this.options;
    return {
      key: 42, id: "2026-11-21T14-05-11-7f3a", name: "shop.js", state: live ? "running" : "finished", ...(live ? { stage: "scenarios" as const, paused: false, controllable: true } : {}),
      created_ms: now - steps * 1000 - 900, started_ms: now - steps * 1000, ended_ms: live ? null : now, duration_s: steps, exit_code: live ? null : 99, reason: live ? "" : "thresholds failed",
      script: "tests/load/shop.js", kind: "k6", script_hash: "9f2d0c81", git: { commit: "4be1c0d27a9e", branch: "release/2.4", dirty: true }, baseline: false, labels: ["nightly", "eu-central"], note: "", tags: { team: "checkout" },
      options: { scenarios: { browse: { executor: "ramping-arrival-rate", startRate: 0, timeUnit: "1s", stages: [{ duration: "2m", target: 240 }, { duration: "6m", target: 240 }, { duration: "3m", target: 60 }] }, buy: { executor: "constant-vus", vus: 40, duration: "10m30s", startTime: "30s" } }, thresholds: { http_req_duration: ["p(95)<500", "p(99)<400"] }, discardResponseBodies: false },
      environment: { program: "brunt 0.1.0", host: "load-01", processors: 8, memory_bytes: 33_500_000_000, kernel: "Linux 6.1.0-28-amd64" },
      thresholds: [], scenarios: [], verdict: { level: "suspect", reasons: [{ level: "suspect", text: "loop 1 was busy for 91 % of the time between 6:20 and 6:50: latencies of that time contain the generator's own delay; use more processors or fewer checks" }] },
      outputs: {}, headline: null,
    };
  }
}

function sum(e: Entry, info: MetricInfo, p: number[]): void {
  const [a = 0, b = 0, c = 0, d = 0] = p;
  const o = e.total;
  if (info.type === "counter") e.total = [(o[0] ?? 0) + a, (o[1] ?? 0) + a];
  else if (info.type === "rate") e.total = [(o[0] ?? 0) + a, (o[1] ?? 0) + b];
  else if (info.type === "gauge") e.total = [a, Math.min(o[1] ?? b, b), Math.max(o[2] ?? c, c), (o[3] ?? 0) + 1];
  else {
    const n = (o[0] ?? 0) + a;
    const mix = (i: number, v: number) => ((o[i] ?? v) * (o[0] ?? 0) + v * a) / n;
    e.total = [n, (o[1] ?? 0) + b, Math.min(o[2] ?? c, c), Math.max(o[3] ?? d, d), mix(4, p[4] as number), mix(5, p[5] as number), mix(6, p[6] as number), mix(7, p[7] as number), mix(8, (p[7] as number) * 1.4)];
  }
}

function har(url: string, failed: boolean): unknown {
  const headers = [{ name: "content-type", value: "application/json" }, { name: "authorization", value: "[redacted]" }, { name: "x-request-id", value: "b7c1f6e0" }];
  return {
    startedDateTime: "2026-11-21T14:11:31.204Z", time: 812,
    request: { method: "POST", url, httpVersion: "HTTP/1.1", headers, queryString: [], cookies: [], headersSize: -1, bodySize: 41, postData: { mimeType: "application/json", text: '{"product":4711,"quantity":2,"token":"***"}' } },
    response: { status: failed ? 503 : 200, statusText: failed ? "Service Unavailable" : "OK", httpVersion: "HTTP/1.1", headers: headers.slice(0, 1), cookies: [], redirectURL: "", headersSize: -1, bodySize: 60, content: { size: 60, mimeType: "application/json", text: '{"error":"upstream connect error <script>alert(1)</script>","code":503}' } },
    cache: {}, timings: { blocked: 0.2, connect: 1.1, ssl: 3.2, send: 0.1, wait: 806, receive: 1.6 },
  };
}

const SCRIPT = `import http from 'k6/http';
import { check, group } from 'k6';

export const options = {
  scenarios: {
    browse: { executor: 'ramping-arrival-rate', stages: [{ duration: '2m', target: 240 }] },
  },
};

export default function () {
  const r = http.get('https://shop.example.com/products');
  check(r, { 'status is 200': (res) => res.status === 200 });
}
`;
