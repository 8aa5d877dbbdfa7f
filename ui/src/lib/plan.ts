// What was to be: iterations a second that a run's options and those who steered it asked for.
import type { RunEvent, RunInfo } from "./doc";

interface Stage {
  until: number; // s since the scenario's start
  rate: number; // at its end
}

interface Arrivals {
  name: string;
  start: number; // s since the run's start
  from: number; // iterations a second at first
  stages: Stage[];
}

/** "1m30s", "500ms" or a number of milliseconds, as k6 has it, to seconds; null: not a duration. */
export function seconds(value: unknown): number | null {
  if (typeof value === "number") return value / 1000;
  if (typeof value !== "string" || value === "") return null;
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) / 1000;
  const units: Record<string, number> = { d: 86_400, h: 3600, m: 60, s: 1, ms: 1e-3, us: 1e-6, "µs": 1e-6, ns: 1e-9 };
  const part = /(\d+(?:\.\d+)?)(ms|us|µs|ns|[dhms])/y;
  let sum = 0;

  for (let at = 0; at < value.length; at = part.lastIndex) {
    part.lastIndex = at;
    const match = part.exec(value);
    if (!match) return null;
    sum += Number(match[1]) * (units[match[2] as string] as number);
  }
  return sum;
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function arrivalsOf(name: string, options: Record<string, unknown>): Arrivals | null {
  const unit = seconds(options["timeUnit"] ?? "1s") || 1;
  const start = seconds(options["startTime"] ?? "0s") ?? 0;

  if (options["executor"] === "constant-arrival-rate") {
    const length = seconds(options["duration"]);
    const rate = Number(options["rate"]) / unit;
    return length === null || Number.isNaN(rate) ? null : { name, start, from: rate, stages: [{ until: length, rate }] };
  }
  if (options["executor"] !== "ramping-arrival-rate" || !Array.isArray(options["stages"])) return null;

  let until = 0;
  const stages: Stage[] = [];
  for (const stage of options["stages"].map(record)) {
    const length = seconds(stage["duration"]);
    const rate = Number(stage["target"]) / unit;
    if (length === null || Number.isNaN(rate)) return null;
    stages.push({ until: (until += length), rate });
  }
  return { name, start, from: Number(options["startRate"] ?? 0) / unit, stages };
}

function plannedAt(a: Arrivals, t: number): number | null {
  let from = a.from;
  let begin = 0;

  if (t < 0) return null;
  for (const stage of a.stages) {
    if (t <= stage.until) {
      const length = stage.until - begin;
      return length > 0 ? from + ((stage.rate - from) * (t - begin)) / length : stage.rate;
    }
    from = stage.rate;
    begin = stage.until;
  }
  return null;
}

/** What the last scaling before t said, where there was one. */
function scaledAt(events: RunEvent[], name: string, t: number): number | null {
  let rate: number | null = null;
  for (const e of events)
    if (e.kind === "scale-rate" && e.t <= t && (e.scenario === name || !e.scenario) && e.to !== undefined) rate = e.to;
  return rate;
}

/** Whether somebody had paused the run: nothing is due then. */
function pausedAt(events: RunEvent[], t: number): boolean {
  let paused = false;
  for (const e of events) if (e.t <= t && (e.kind === "pause" || e.kind === "resume")) paused = e.kind === "pause";
  return paused;
}

/** Iterations a second that were due at each time; null where no scenario has arrivals. */
export function targetRate(run: Pick<RunInfo, "options">, events: RunEvent[], times: ArrayLike<number>): (number | null)[] | null {
  const scenarios = Object.entries(record(run.options?.["scenarios"]));
  const arrivals = scenarios.map(([name, o]) => arrivalsOf(name, record(o))).filter((a): a is Arrivals => a !== null);
  const steered = events.filter((e) => e.kind === "scale-rate" || e.kind === "pause" || e.kind === "resume");
  if (arrivals.length === 0) return null;

  return Array.from(times, (t) => {
    let sum: number | null = null;
    for (const a of arrivals) {
      const planned = plannedAt(a, t - a.start);
      if (planned !== null) sum = (sum ?? 0) + (scaledAt(steered, a.name, t) ?? planned);
    }
    return sum !== null && pausedAt(steered, t) ? 0 : sum;
  });
}
