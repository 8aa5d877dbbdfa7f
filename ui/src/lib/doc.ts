// The shapes of what the program sends: docs/reference/run-document.md describes them for people.

export type MetricType = "counter" | "gauge" | "rate" | "trend";
export type Contains = "default" | "time" | "data"; // time is in milliseconds, data in bytes

/** How the columns of an entry are ordered, by its metric's type. */
export const POINT_COLUMNS = {
  counter: ["sum"],
  gauge: ["last", "min", "max"],
  rate: ["trues", "total"],
  trend: ["n", "sum", "min", "max", "p50", "p90", "p95", "p99"],
} as const;
export const TOTAL_COLUMNS = {
  counter: ["sum", "n"],
  gauge: ["last", "min", "max", "n"],
  rate: ["trues", "total"],
  trend: ["n", "sum", "min", "max", "p50", "p90", "p95", "p99", "p999"],
} as const;

/**
 * What an entry is of: "" the whole metric; "submetric" one narrowed by a threshold; "endpoint" tags name, method;
 * "status" tag status; "error" tags error_code, error; "scenario", "group" those tags; "check" tags check, group;
 * "endpoint_status" tags name, method, status, without points; "series" all tags, for metrics of the script's own, of
 * outputs and of the generator.
 */
export type Dimension =
  | "" | "submetric" | "endpoint" | "status" | "error" | "scenario" | "group" | "check" | "endpoint_status" | "series";

export interface MetricInfo {
  type: MetricType;
  contains: Contains;
  help: string;
  builtin: boolean;
}

export interface Entry {
  metric: string;
  by: Dimension;
  name?: string; // of a sub-metric, as it was written
  tags: Record<string, string>;
  total: number[]; // TOTAL_COLUMNS
  points?: (number | null)[][]; // one array a POINT_COLUMNS column, aligned with timeline.t; null: nothing then
}

/** Counts by time and value; a bucket i holds values up to 2^(i/4) seconds and above 2^((i-1)/4). */
export interface Heat {
  metric: string;
  rows: number[][]; // aligned with timeline.t: bucket, count, bucket, count ...
}

export type RunState = "running" | "finished" | "stopped" | "failed" | "interrupted";

export interface Threshold {
  metric: string;
  source: string; // "p(95)<500"
  state: "unjudged" | "passed" | "failed";
  stat: string; // "p(95)"
  op: string;
  limit: number;
  value: number | null;
  abort_on_fail: boolean;
  samples?: number; // that were judged
  window_s?: number;
  text?: string; // what else is to be said: too few samples, a window's time
}

export interface Scenario {
  name: string;
  executor: string;
  state: "waiting" | "running" | "done" | "interrupted";
  vus: number;
  vus_max: number;
  complete: number;
  dropped: number;
  rate: number | null; // iterations a second that are due now; null: closed model
  elapsed_s: number;
  length_s: number;
  start_s: number;
}

export interface RunEvent {
  at_ms: number;
  t: number; // s since the test's start
  kind: string;
  text: string;
  by?: string;
  scenario?: string;
  from?: number;
  to?: number;
}

export interface ExchangeInfo {
  key: number;
  kind: "failed" | "slow";
  name: string;
  method: string;
  url: string;
  status: number;
  error_code: string;
  error: string;
  scenario: string;
  t: number;
  duration_ms: number;
  har?: unknown; // a HAR 1.2 entry; in reports
}

/** An uncaught exception of the script: all of one kind at one place. */
export interface ExceptionInfo {
  kind: string; // "ValueError"; empty: something was thrown that has none
  message: string; // first line, of the first
  place: string; // "shop.py:17"
  scenario: string; // of the first
  count: number;
  first_ms: number;
  last_ms: number;
  first_t: number; // s since the test's start
  last_t: number;
  workers: number[]; // processes that saw it, from 1; none: it has no workers
  others: boolean; // all for which there was no room
  stack: string; // of the first
}

export interface OutputAccount {
  produced: number;
  acknowledged: number;
  spooled: number;
  dropped: number;
  backlog?: number;
  error?: string;
}

export interface RunInfo {
  key: number;
  id: string;
  name: string;
  state: RunState;
  stage?: "init" | "setup" | "scenarios" | "teardown" | "over"; // live
  paused?: boolean; // live
  controllable?: boolean; // live: this page may change it
  created_ms: number;
  started_ms: number | null;
  ended_ms: number | null;
  duration_s: number;
  exit_code: number | null;
  reason: string;
  script: string;
  kind: string;
  script_hash: string;
  git: { commit: string; branch: string; dirty: boolean } | null;
  baseline: boolean;
  labels: string[];
  note: string;
  tags: Record<string, string>;
  options?: Record<string, unknown>;
  environment: Record<string, unknown>;
  thresholds: Threshold[];
  scenarios: Scenario[];
  verdict: { level: "valid" | "suspect" | "invalid"; reasons: { level: string; text: string }[] } | null;
  generator?: Record<string, unknown>;
  outputs: Record<string, OutputAccount>;
  headline: Headline | null;
}

/** The few figures of a list; times in ms. */
export interface Headline {
  requests: number;
  rate: number; // requests a second
  iterations: number;
  failed: number; // share, 0..1
  checks: number | null; // share passed
  p50: number | null;
  p95: number | null;
  p99: number | null;
  max: number | null;
  vus_max: number;
  spark: number[]; // up to 40 values of p95 over the run
}

export interface RunDoc {
  format: "brunt-run";
  version: 1;
  run: RunInfo;
  metrics: Record<string, MetricInfo>;
  timeline: { seq: number; step_s: number; t: number[] }; // t: ends of steps, s since the start; seq: ticks in it
  entries: Entry[];
  heat: Heat[];
  events: RunEvent[];
  exchanges: ExchangeInfo[];
  exceptions: ExceptionInfo[];
  script_text?: string; // reports
}

/** One tick of a running test, as the stream sends it; `id` counts entries of the stream from 0. */
export interface Frame {
  seq: number;
  t: number;
  dt: number;
  metrics?: Record<string, MetricInfo>; // new ones
  add?: (Omit<Entry, "total" | "points"> & { id: number })[];
  points: number[][]; // [id, ...POINT_COLUMNS]
  totals: number[][]; // [id, ...TOTAL_COLUMNS] of the same entries
  heat: { metric: string; row: number[] }[];
  events?: RunEvent[];
  run: Partial<RunInfo>;
}

export interface RunList {
  total: number;
  runs: RunInfo[];
}

/** /api/compare; docs/compare.md says how it is judged. */
export interface Comparison {
  format: "brunt-comparison";
  version: 1;
  current: RunInfo;
  baseline: RunInfo;
  verdict: Judgement;
  threshold_pct: number;
  confidence: number;
  notes: string[]; // "different scripts", "the generator was suspect" ...
  rows: ComparisonRow[];
}
export type Judgement = "better" | "same" | "worse" | "unclear";
export interface ComparisonRow {
  metric: string;
  by: "" | "endpoint" | "scenario" | "submetric" | "series";
  tags: Record<string, string>;
  stat: string; // "p(95)", "rate", "avg" ...
  contains: Contains;
  better: "lower" | "higher";
  current: number | null;
  baseline: number | null;
  delta_pct: number | null;
  low_pct: number | null; // confidence interval of delta_pct
  high_pct: number | null;
  p_value: number | null; // that the distributions have one shape, apart from a change of speed; null: not asked
  verdict: Judgement;
  why: string;
}

/** /api/trend: one figure of all runs of a script, oldest first. */
export interface Trend {
  script: string;
  metric: string;
  stat: string;
  contains: Contains;
  points: { key: number; id: string; at_ms: number; value: number; verdict: string; labels: string[] }[];
  changes: { index: number; before: number; after: number; delta_pct: number; confidence: number; text: string }[];
}

/** /api/connections: a key is written, never read. */
export interface Connection {
  name: string;
  provider: "grafana";
  endpoint: string;
  username: string;
  has_key: boolean;
  namespace: string;
  default_tags: string[];
  enabled: boolean;
}
