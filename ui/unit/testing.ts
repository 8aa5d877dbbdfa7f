// A small run, its document and its frames.
import type { Frame, RunDoc, RunInfo } from "../src/lib/doc";

export const RUN: RunInfo = {
  key: 1, id: "r1", name: "a", state: "running", created_ms: 0, started_ms: 0, ended_ms: null, duration_s: 4, exit_code: null, reason: "", script: "a.js", kind: "k6",
  script_hash: "", git: null, baseline: false, labels: [], note: "", tags: {}, environment: {}, thresholds: [], scenarios: [], verdict: null, outputs: {}, headline: null,
};

export function doc(seq = 2): RunDoc {
  return {
    format: "brunt-run", version: 1, run: { ...RUN },
    metrics: {
      reqs: { type: "counter", contains: "default", help: "", builtin: true },
      failed: { type: "rate", contains: "default", help: "", builtin: true },
      time: { type: "trend", contains: "time", help: "", builtin: true },
      vus: { type: "gauge", contains: "default", help: "", builtin: true },
    },
    timeline: { seq, step_s: 2, t: [2, 4] },
    entries: [
      { metric: "reqs", by: "", tags: {}, total: [30, 30], points: [[10, 20]] },
      { metric: "failed", by: "", tags: {}, total: [3, 30], points: [[1, 2], [10, 20]] },
      { metric: "time", by: "endpoint", tags: { name: "/", method: "GET" }, total: [2, 10, 4, 6, 5, 6, 6, 6, 6], points: [[1, 1], [4, 6], [4, 6], [4, 6], [4, null], [4, 6], [4, 6], [4, 6]] },
      { metric: "vus", by: "", tags: {}, total: [7, 1, 7, 2], points: [[1, 7], [1, 7], [1, 7]] },
    ],
    heat: [{ metric: "time", rows: [[1, 2], []] }],
    events: [], exchanges: [], exceptions: [],
  };
}

export function frame(seq: number, more: Partial<Frame> = {}): Frame {
  return { seq, t: 2 * seq, dt: 2, points: [], totals: [], heat: [], run: {}, ...more };
}

export const ADD: NonNullable<Frame["add"]> = [{ id: 0, metric: "reqs", by: "", tags: {} }, { id: 1, metric: "time", by: "endpoint", tags: { method: "GET", name: "/" } }];
