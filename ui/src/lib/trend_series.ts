// A trend as columns to draw: its runs in order or by date, levels between change points, doubtful runs apart.
import type { Trend } from "./doc";
import type { Column } from "./align";

export type TrendAxis = "run" | "date";

const DAY_MS = 86_400_000;

/** Local days since the epoch: whole numbers are midnights, which makes them the marks of an axis. */
export function dayOf(ms: number): number {
  return (ms - new Date(ms).getTimezoneOffset() * 60_000) / DAY_MS;
}

/** A local day as the axis and the cursor have it: the date, with the time where the axis is short. */
export function formatDay(day: number | null | undefined, withTime: boolean): string {
  if (day === null || day === undefined) return "";
  const text = new Date(day * DAY_MS).toISOString();

  return withTime ? `${text.slice(5, 10)} ${text.slice(11, 16)}` : text.slice(0, 10);
}

export function axisOf(trend: Trend, axis: TrendAxis): number[] {
  return trend.points.map((p, i) => (axis === "run" ? i + 1 : dayOf(p.at_ms)));
}

/** The level that each run belongs to; null throughout where nothing changed, for then there is only one. */
export function levelsOf(trend: Trend): Column {
  const first = trend.changes[0];
  const levels: Column = trend.points.map(() => (first ? first.before : null));

  for (const change of trend.changes) levels.fill(change.after, change.index);
  return levels;
}

/** Values of the runs whose generator could be trusted, and of those whose could not. */
export function valuesByTrust(trend: Trend): { trusted: Column; doubtful: Column } {
  const good = (verdict: string) => verdict === "" || verdict === "valid";

  return {
    trusted: trend.points.map((p) => (good(p.verdict) ? p.value : null)),
    doubtful: trend.points.map((p) => (good(p.verdict) ? null : p.value)),
  };
}
