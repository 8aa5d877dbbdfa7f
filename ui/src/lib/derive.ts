// What charts and tables show of a run's entries: rates, shares, columns by name. Null is a gap.
import { POINT_COLUMNS, TOTAL_COLUMNS } from "./doc";
import type { RunModel, Series } from "./run_model";

export type Points = (number | null)[];

/**
 * Whether a step is so short beside the one before it that its figures are of a few values only: the last one, when a
 * test ends between two ticks.
 */
function isScrap(m: RunModel, i: number): boolean {
  return i > 0 && (m.dt[i] as number) < 0.3 * (m.dt[i - 1] as number);
}

/** A column of points by its name, with gaps where nothing was. */
export function column(m: RunModel, s: Series | undefined, name: string): Points {
  const out = everything(m, s, name);

  if (s?.type === "trend") for (let i = 1; i < m.n; i++) if (isScrap(m, i)) out[i] = null;
  return out;
}

/** The same with the steps that are too short for a line. */
function everything(m: RunModel, s: Series | undefined, name: string): Points {
  const out: Points = new Array<number | null>(m.n).fill(null);
  const values = s && s.cols[(POINT_COLUMNS[s.type] as readonly string[]).indexOf(name)];
  if (!values) return out;

  const n = Math.min(m.n, values.length);
  for (let i = 0; i < n; i++) {
    const v = values[i] as number;
    if (!Number.isNaN(v)) out[i] = v;
  }
  return out;
}

/** A total by its column's name; null where there is none. */
export function total(s: Series | undefined, name: string): number | null {
  const v = s?.total[(TOTAL_COLUMNS[s.type] as readonly string[]).indexOf(name)];
  return v === undefined || v === null || Number.isNaN(v) ? null : v;
}

/** How much there was of it: a counter's sum, a trend's or rate's number of values. */
export function count(s: Series | undefined): number {
  if (!s) return 0;
  return total(s, s.type === "counter" ? "sum" : s.type === "rate" ? "total" : "n") ?? 0;
}

function perStep(m: RunModel, s: Series | undefined, name: string): Points {
  const values = everything(m, s, name);
  if (!s || s.cols.length === 0) return values;
  return values.map((v, i) => {
    const scrap = isScrap(m, i);
    const amount = (v ?? 0) + (scrap ? (values[i - 1] ?? 0) : 0);
    return amount / ((m.dt[i] as number) + (scrap ? (m.dt[i - 1] as number) : 0) || 1);
  });
}

/** How much of it a second: nothing in a step is 0, not a gap. */
export function perSecondOf(m: RunModel, s: Series | undefined): Points {
  return perStep(m, s, s?.type === "counter" ? "sum" : s?.type === "rate" ? "total" : "n");
}

/** The share of a rate by step; a gap where there was nothing to have a share in. */
export function shareOf(m: RunModel, s: Series | undefined): Points {
  const trues = everything(m, s, "trues");
  const totals = everything(m, s, "total");

  return trues.map((v, i) => (totals[i] && !isScrap(m, i) ? (v ?? 0) / (totals[i] as number) : null));
}

/** The mean of a trend by step. */
export function meanOf(m: RunModel, s: Series | undefined): Points {
  const sums = column(m, s, "sum");
  const ns = column(m, s, "n");

  return sums.map((v, i) => (v !== null && ns[i] ? v / (ns[i] as number) : null));
}

/** How much there has been until each step. */
export function cumulative(m: RunModel, s: Series | undefined, name: string): Points {
  let sum = 0;
  return everything(m, s, name).map((v) => (sum += v ?? 0));
}

export function ratio(part: number | null, whole: number | null): number | null {
  return part === null || !whole ? null : part / whole;
}

/** The mean of the whole run. */
export function mean(s: Series | undefined): number | null {
  return ratio(total(s, "sum"), total(s, "n"));
}

/** How long a run has been measured so far, s. */
export function elapsed(m: RunModel): number {
  return m.run.state === "running" ? m.end : m.run.duration_s || m.end;
}

/** Values over the last `seconds`, as one: a current rate that does not flicker. */
export function recentRate(m: RunModel, s: Series | undefined, seconds: number): number | null {
  const values = s && s.cols[0];
  if (!values || m.n === 0) return s ? 0 : null;
  const at = s.type === "rate" ? s.cols[1] : values;
  let sum = 0;
  let time = 0;

  for (let i = m.n - 1; i >= 0 && time < seconds; i--) {
    const v = at?.[i];
    if (v !== undefined && !Number.isNaN(v)) sum += v;
    time += m.dt[i] as number;
  }
  return time > 0 ? sum / time : null;
}

/** The last value of a column that is there. */
export function latest(m: RunModel, s: Series | undefined, name: string): number | null {
  const values = s && s.cols[(POINT_COLUMNS[s.type] as readonly string[]).indexOf(name)];

  for (let i = Math.min(m.n, values?.length ?? 0) - 1; i >= 0; i--) {
    const v = values?.[i];
    if (v !== undefined && !Number.isNaN(v)) return v;
  }
  return null;
}

/** Fewer values for a sparkline: the largest of every so many. */
export function thin(values: Points, most: number): Points {
  if (values.length <= most) return values;
  const out: Points = new Array<number | null>(most).fill(null);

  values.forEach((v, i) => {
    const at = Math.min(most - 1, Math.floor((i * most) / values.length));
    const old = out[at] ?? null;
    if (v !== null && (old === null || v > old)) out[at] = v;
  });
  return out;
}
