// A run as the views read it: columns of numbers by entry, grown tick by tick while the run is live.
import {
  POINT_COLUMNS,
  type Dimension,
  type Entry,
  type ExceptionInfo,
  type ExchangeInfo,
  type Frame,
  type MetricInfo,
  type MetricType,
  type RunDoc,
  type RunEvent,
  type RunInfo,
} from "./doc";

/** A column whose values that never came are NaN. */
type Values = Float32Array<ArrayBuffer>;

/** An entry with its points in typed arrays: `cols` are as POINT_COLUMNS has them, none where it has no points. */
export interface Series {
  key: string; // the same in every document of the run
  metric: string;
  type: MetricType;
  by: Dimension;
  name: string | undefined;
  tags: Record<string, string>;
  total: number[];
  cols: Values[];
}

export type FrameResult = "applied" | "old" | "gap";

type Definition = Pick<Entry, "metric" | "by" | "name" | "tags">;

export function entryKey(e: Definition): string {
  const tags = Object.entries(e.tags).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([e.metric, e.by, e.name ?? "", tags]);
}

const UNKNOWN: MetricInfo = { type: "trend", contains: "default", help: "", builtin: false };
const FIRST_ROOM = 64;
const EVENTS_MAX = 10_000;

/** The same column with room for `room` values. */
function grown(old: Values, room: number): Values {
  const next = new Float32Array(room);

  next.set(old);
  next.fill(NaN, old.length);
  return next;
}

export class RunModel {
  run: RunInfo;
  metrics: Record<string, MetricInfo> = {};
  n = 0; // steps
  t = new Float64Array(FIRST_ROOM); // their ends, s since the start
  dt = new Float64Array(FIRST_ROOM); // their lengths, s
  seq = 0; // ticks that are in it
  added = 0; // steps that came as frames since the document
  events: RunEvent[] = [];
  exchanges: ExchangeInfo[] = [];
  exceptions: ExceptionInfo[] = [];
  script: string | undefined;
  version = 0; // changes with anything

  private series = new Map<string, Series>();
  private groups = new Map<string, Series[]>(); // by metric and dimension
  private streamed: (Definition | undefined)[] = []; // the stream's ids
  private bound: (Series | undefined)[] = [];
  private heatRows = new Map<string, number[][]>();

  constructor(run: RunInfo) {
    this.run = run;
  }

  static of(doc: RunDoc): RunModel {
    const model = new RunModel(doc.run);

    model.load(doc);
    return model;
  }

  /** Takes a document in place of all that was there; what the stream's ids mean is kept. */
  load(doc: RunDoc): void {
    const live = this.run;

    this.run = { ...doc.run };
    if (live.id === doc.run.id) this.keepLive(live);
    this.metrics = { ...doc.metrics };
    this.seq = doc.timeline.seq;
    this.added = 0;
    this.series.clear();
    this.groups.clear();
    this.loadTimeline(doc.timeline.t, doc.timeline.step_s);
    for (const entry of doc.entries) this.loadEntry(entry);
    this.heatRows = new Map(doc.heat.map((h) => [h.metric, h.rows.slice()]));
    this.events = doc.events.slice();
    this.exchanges = doc.exchanges;
    this.exceptions = doc.exceptions;
    this.script = doc.script_text ?? this.script;
    this.bound = this.streamed.map((d) => (d ? this.need(d) : undefined));
    this.version++;
  }

  /** What only the stream knows of a running test, the store does not. */
  private keepLive(live: RunInfo): void {
    if (this.run.state !== "running") return;
    this.run.stage ??= live.stage;
    this.run.paused ??= live.paused;
    this.run.controllable ??= live.controllable;
    if (this.run.scenarios.length === 0) this.run.scenarios = live.scenarios;
    if (this.run.thresholds.length === 0) this.run.thresholds = live.thresholds;
    this.run.options ??= live.options;
  }

  private loadTimeline(t: number[], step: number): void {
    this.n = t.length;
    this.t = new Float64Array(Math.max(FIRST_ROOM, t.length * 2));
    this.dt = new Float64Array(this.t.length);
    this.t.set(t);
    for (let i = 0; i < t.length; i++) {
      const since = (t[i] as number) - (i > 0 ? (t[i - 1] as number) : 0);
      this.dt[i] = step > 0 ? Math.min(since, step * 1.5) : since;
    }
  }

  private loadEntry(entry: Entry): void {
    const s = this.need(entry);

    s.total = entry.total;
    if (entry.points) s.cols = entry.points.map((column) => this.column(column));
  }

  private column(values: (number | null)[]): Values {
    const column = new Float32Array(this.t.length).fill(NaN);

    for (let i = 0; i < values.length; i++) column[i] = values[i] ?? NaN;
    return column;
  }

  private need(d: Definition): Series {
    const key = entryKey(d);
    const known = this.series.get(key);
    if (known) return known;

    const type = (this.metrics[d.metric] ?? UNKNOWN).type;
    const s: Series = { key, metric: d.metric, type, by: d.by, name: d.name, tags: d.tags, total: [], cols: [] };
    this.series.set(key, s);
    const group = `${d.by} ${d.metric}`;
    const list = this.groups.get(group);
    if (list) list.push(s);
    else this.groups.set(group, [s]);
    return s;
  }

  /** Metrics that are new; entries that were there before their metric get its type. */
  private learn(metrics: Record<string, MetricInfo>): void {
    Object.assign(this.metrics, metrics);
    for (const s of this.series.values()) s.type = metrics[s.metric]?.type ?? s.type;
  }

  /** What ids of the stream mean from now on. */
  define(entries: (Definition & { id: number })[], metrics?: Record<string, MetricInfo>): void {
    if (metrics) this.learn(metrics);
    for (const e of entries) {
      if (!Number.isInteger(e.id) || e.id < 0 || e.id > 1_000_000) continue;
      this.streamed[e.id] = { metric: e.metric, by: e.by, name: e.name, tags: e.tags };
      this.bound[e.id] = this.need(e);
    }
    this.version++;
  }

  /** A new stream has ids of its own. */
  forgetIds(): void {
    this.streamed = [];
    this.bound = [];
  }

  /** Adds a tick. "gap": ticks before it are missing, it was added all the same. */
  apply(frame: Frame): FrameResult {
    if (frame.seq <= this.seq) return "old";
    const gap = frame.seq !== this.seq + 1;

    this.seq = frame.seq;
    this.define(frame.add ?? [], frame.metrics);
    const at = this.step(frame.t, frame.dt);
    for (const row of frame.points) this.point(row, at);
    for (const row of frame.totals) {
      const s = this.bound[row[0] as number];
      if (s) s.total = row.slice(1);
    }
    for (const h of frame.heat) this.heatStep(h.metric, h.row, at);
    if (frame.events) this.events = [...this.events, ...frame.events].slice(-EVENTS_MAX);
    Object.assign(this.run, frame.run);
    this.version++;
    return gap ? "gap" : "applied";
  }

  private step(t: number, dt: number): number {
    const at = this.n++;

    if (at === this.t.length) {
      const more = new Float64Array(at * 2);
      const moreDt = new Float64Array(at * 2);
      more.set(this.t);
      moreDt.set(this.dt);
      this.t = more;
      this.dt = moreDt;
    }
    this.t[at] = t;
    this.dt[at] = dt;
    this.added++;
    return at;
  }

  private point(row: number[], at: number): void {
    const s = this.bound[row[0] as number];
    if (!s) return;
    const width = POINT_COLUMNS[s.type].length;

    if (s.cols.length === 0) for (let c = 0; c < width; c++) s.cols.push(new Float32Array(this.t.length).fill(NaN));
    for (let c = 0; c < width; c++) {
      let column = s.cols[c] as Values;
      if (at >= column.length) s.cols[c] = column = grown(column, this.t.length);
      column[at] = row[c + 1] ?? NaN;
    }
  }

  private heatStep(metric: string, row: number[], at: number): void {
    let rows = this.heatRows.get(metric);

    if (!rows) this.heatRows.set(metric, (rows = []));
    while (rows.length < at) rows.push([]);
    rows[at] = row;
  }

  // ---- what views ask ----

  /** All entries of a metric by a dimension. */
  all(metric: string, by: Dimension): readonly Series[] {
    return this.groups.get(`${by} ${metric}`) ?? [];
  }

  /** The metric as a whole. */
  whole(metric: string): Series | undefined {
    return this.all(metric, "")[0];
  }

  /** The entry of a dimension that has all of `tags`. */
  find(metric: string, by: Dimension, tags: Record<string, string>): Series | undefined {
    return this.all(metric, by).find((s) => Object.entries(tags).every(([k, v]) => s.tags[k] === v));
  }

  byKey(key: string): Series | undefined {
    return this.series.get(key);
  }

  info(metric: string): MetricInfo {
    return this.metrics[metric] ?? UNKNOWN;
  }

  /** Metrics that have an entry by this dimension, in the document's order. */
  metricsBy(by: Dimension): string[] {
    const names: string[] = [];
    for (const [group, list] of this.groups) if (group.startsWith(`${by} `) && list[0]) names.push(list[0].metric);
    return names;
  }

  /** Counts of latency by step: bucket, count, bucket, count … */
  heat(metric: string): readonly number[][] {
    return this.heatRows.get(metric) ?? [];
  }

  /** The times of all steps: the x axis. */
  times(): Float64Array {
    return this.t.subarray(0, this.n);
  }

  get end(): number {
    return this.n > 0 ? (this.t[this.n - 1] as number) : 0;
  }
}
