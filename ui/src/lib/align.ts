// Several runs on one time axis that begins where each began.
import { POINT_COLUMNS, TOTAL_COLUMNS, type Entry, type MetricType, type RunDoc } from "./doc";

export type Column = (number | null)[];

/** The whole metric's entry, or that of some tags. */
export function findEntry(doc: RunDoc, metric: string, tags: Record<string, string> = {}): Entry | undefined {
  const wanted = Object.entries(tags);
  const by = wanted.length === 0 ? "" : "endpoint";

  return doc.entries.find((e) => e.metric === metric && e.by === by && wanted.every(([k, v]) => e.tags[k] === v));
}

/** One column of an entry's points, by its name ("p95"), aligned with the document's timeline. */
export function pointsOf(doc: RunDoc, metric: string, column: string, tags?: Record<string, string>): Column {
  const entry = findEntry(doc, metric, tags);
  const type: MetricType | undefined = doc.metrics[metric]?.type;
  const at = type ? (POINT_COLUMNS[type] as readonly string[]).indexOf(column) : -1;

  return entry?.points?.[at] ?? doc.timeline.t.map(() => null);
}

/** One column of an entry's totals, by its name. */
export function totalOf(doc: RunDoc, metric: string, column: string, tags?: Record<string, string>): number | null {
  const entry = findEntry(doc, metric, tags);
  const type: MetricType | undefined = doc.metrics[metric]?.type;
  const at = type ? (TOTAL_COLUMNS[type] as readonly string[]).indexOf(column) : -1;

  return entry?.total[at] ?? null;
}

/** How long each step was, in s: ends of steps have the lengths between them; the first began at 0. */
function stepLengths(t: number[]): number[] {
  return t.map((end, i) => end - (t[i - 1] ?? 0));
}

/** Amounts of steps as amounts a second. */
export function perStepSecond(t: number[], amounts: Column): Column {
  const lengths = stepLengths(t);

  return amounts.map((v, i) => (v === null || !lengths[i] ? null : v / lengths[i]));
}

/** Share of two columns; null where there was nothing to have a share of. */
export function shareOf(parts: Column, wholes: Column): Column {
  return parts.map((v, i) => {
    const whole = wholes[i];
    return v === null || !whole ? null : v / whole;
  });
}

/** The ends of the finest run's steps, as far as the longest run goes. */
export function commonTimes(timelines: number[][]): number[] {
  const used = timelines.filter((t) => t.length > 0);
  const end = Math.max(0, ...used.map((t) => t[t.length - 1] ?? 0));
  const step = Math.min(...used.map((t) => (t[t.length - 1] ?? 0) / t.length));

  if (used.length === 0 || !(step > 0)) return [];
  const n = Math.min(5000, Math.max(1, Math.round(end / step)));
  return Array.from({ length: n }, (_, i) => (end * (i + 1)) / n);
}

/**
 * A column of one run at the instants of another axis. What a step says holds for the whole step, so the value is that
 * of the step in which the instant lies; after the run's end there is none.
 */
export function valuesAt(times: number[], t: number[], column: Column): Column {
  let step = 0;

  return times.map((time) => {
    // An instant on a step's very end belongs to it, however the sums were rounded.
    while (step < t.length && (t[step] ?? 0) < time - 1e-6) step++;
    return step < t.length ? (column[step] ?? null) : null;
  });
}
