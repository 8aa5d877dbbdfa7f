// A change with its confidence interval around zero: the tolerated part is shaded, what lies beyond the ends is cut.
import type { Judgement } from "../lib/doc";
import { formatDelta } from "../lib/format";

export interface IntervalBarProps {
  low: number | null; // per cent
  high: number | null;
  value: number | null;
  tolerated: number; // ± per cent
  reach: number; // per cent at the ends
  verdict: Judgement;
}

/** Where on the bar a change is, 0..100. */
export function placeOf(value: number, reach: number): number {
  return 50 + 50 * Math.max(-1, Math.min(1, value / reach));
}

/** How far a set of bars reaches: all but the widest intervals fit, and the tolerated part always. */
export function reachOf(intervals: { low: number | null; high: number | null }[], tolerated: number): number {
  const ends = intervals
    .map(({ low, high }) => Math.max(Math.abs(low ?? 0), Math.abs(high ?? 0)))
    .sort((a, b) => a - b);
  const most = ends[Math.floor((ends.length - 1) * 0.9)] ?? 0;

  return Math.min(200, Math.max(most * 1.1, tolerated * 1.5, 1));
}

export function IntervalBar(props: IntervalBarProps) {
  const { low, high, value, reach } = props;
  if (low === null || high === null) return <span class="muted">–</span>;

  const from = placeOf(low, reach);
  const to = placeOf(high, reach);
  const band = placeOf(props.tolerated, reach) - 50;
  const text = `${formatDelta(low)} to ${formatDelta(high)}`;
  return (
    <span class={`interval interval-${props.verdict}`} role="img" aria-label={`between ${text}`} title={text}>
      <span class="interval-band" style={{ left: `${50 - band}%`, width: `${2 * band}%` }} />
      <span class="interval-zero" />
      <span class="interval-bar" style={{ left: `${from}%`, width: `${Math.max(1, to - from)}%` }} />
      {value !== null && <span class="interval-dot" style={{ left: `${placeOf(value, reach)}%` }} />}
      {low < -reach && <span class="interval-cut interval-cut-low">‹</span>}
      {high > reach && <span class="interval-cut interval-cut-high">›</span>}
    </span>
  );
}
