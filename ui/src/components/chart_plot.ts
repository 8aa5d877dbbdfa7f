// uPlot as our charts use it: no legend of its own, colours from the style sheet, marks for events and limits.
import uPlot from "uplot";
import type { Format } from "../lib/format";
import type { ChartGroup } from "../lib/chart_group";
import { seriesColour, token } from "../lib/theme";

export type ChartData = [ArrayLike<number>, ...ArrayLike<number | null>[]];

export interface ChartSeries {
  label: string;
  colour?: number | string; // a place in the palette, or a custom property's name; default: the series' own place
  kind?: "line" | "area" | "step" | "bars" | "points";
  axis?: "left" | "right";
  dash?: boolean;
  format?: Format; // default: its axis's
  summary?: string; // stands in the legend while there is no cursor; default: the last value
  hidden?: boolean; // at first
}

export interface ChartMark {
  x: number;
  text: string;
  tone?: "info" | "warn" | "bad";
}

export interface ChartLimit {
  value: number;
  label: string;
}

export interface PlotSpec {
  series: ChartSeries[];
  format: Format;
  rightFormat?: Format;
  xFormat: Format;
  xSteps?: number[];
  stacked: boolean;
  top: number; // the y axis reaches at least so far
  fixedTop?: number; // ... and exactly so far
  fromZero: boolean;
}

/** Steps of a time axis in seconds. */
export const CLOCK_STEPS = [
  0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400,
];

export function colourOf(series: ChartSeries, index: number): string {
  const colour = series.colour ?? index;
  return typeof colour === "number" ? seriesColour(colour) : token(colour);
}

/** Adds up from the last series to the first: what is drawn of a stacked chart. */
export function stack(data: ChartData, shown: boolean[]): ChartData {
  const out: ChartData = [data[0]];
  let below: (number | null)[] | null = null;

  for (let s = data.length - 1; s >= 1; s--) {
    const values = data[s] as ArrayLike<number | null>;
    const sum: (number | null)[] = new Array<number | null>(values.length);
    for (let i = 0; i < values.length; i++) {
      const under: number | null = below ? (below[i] ?? null) : null;
      const own = shown[s - 1] === false ? null : (values[i] ?? null);
      sum[i] = own === null ? under : own + (under ?? 0);
    }
    out[s] = below = sum;
  }
  return out;
}

const FONT = '11px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
export const AXIS_LEFT = 62;
export const AXIS_RIGHT = 48;

function paths(kind: ChartSeries["kind"]): uPlot.Series.PathBuilder | undefined {
  if (kind === "step") return uPlot.paths.stepped?.({ align: -1 });
  if (kind === "bars") return uPlot.paths.bars?.({ size: [0.7, 24], align: 0 });
  if (kind === "points") return () => null;
  return undefined;
}

/** "2.50 MB" is "2.5 MB" on an axis, where its neighbours are as round. */
export function round(text: string): string {
  return text.replace(/(\.\d*?)0+(?!\d)/, "$1").replace(/\.(?!\d)/, "");
}

function seriesOptions(spec: PlotSpec, shown: boolean[]): uPlot.Series[] {
  return spec.series.map((s, i) => {
    const stroke = colourOf(s, i);
    const filled = spec.stacked ? "88" : s.kind === "area" ? "24" : s.kind === "bars" ? "aa" : null;
    const builder = paths(s.kind);

    return {
      scale: s.axis === "right" ? "right" : "y",
      show: shown[i] !== false,
      stroke,
      width: s.kind === "points" ? 0 : spec.stacked ? 1 : 1.5,
      spanGaps: false,
      ...(filled ? { fill: stroke + filled } : {}),
      ...(s.dash ? { dash: [5, 4] } : {}),
      ...(builder ? { paths: builder } : {}),
      points: { show: s.kind === "points" ? true : lonely, size: s.kind === "points" ? 7 : 4, fill: stroke, stroke },
    } satisfies uPlot.Series;
  });
}

/** Points are drawn only where a line cannot be: a value between two gaps. */
function lonely(u: uPlot, seriesIdx: number, from: number, to: number): boolean {
  const values = u.data[seriesIdx];
  if (!values) return false;
  let n = 0;
  for (let i = from; i <= to && n < 3; i++) if (values[i] !== null && values[i] !== undefined) n++;
  return n < 3;
}

function yRange(spec: PlotSpec, limits: () => ChartLimit[]): uPlot.Scale.Range {
  return (_u, low, high) => {
    if (spec.fixedTop !== undefined) return [0, spec.fixedTop];
    if (low === null || high === null) return [0, spec.top || 1];
    let top = Math.max(high, spec.top);
    for (const limit of limits()) if (limit.value > top && limit.value < top * 2.5) top = limit.value;
    const bottom = spec.fromZero || low < 0.6 * top ? Math.min(0, low) : low;
    const [from, to] = uPlot.rangeNum(bottom, top, 0.08, true);
    return [bottom === 0 ? 0 : (from ?? 0), to && to > bottom ? to : bottom + 1];
  };
}

export function plotOptions(
  spec: PlotSpec,
  size: { width: number; height: number },
  shown: boolean[],
  group: ChartGroup,
  marks: () => ChartMark[],
  limits: () => ChartLimit[],
  hooks: { cursor: (u: uPlot) => void },
): uPlot.Options {
  const right = spec.series.some((s) => s.axis === "right");
  const ink = token("--text-3");
  const grid = { stroke: token("--grid"), width: 1 };
  const axis = { stroke: ink, font: FONT, grid, ticks: { show: false } } as const;
  const format = (f: Format) => (_u: uPlot, splits: number[]) => splits.map((v) => round(f(v)));

  return {
    ...size,
    padding: [8, right ? 0 : spec.xSteps ? 20 : 36, 0, 0],
    legend: { show: false },
    focus: { alpha: 1 },
    cursor: {
      y: false,
      points: { size: 7, width: 1.5 },
      drag: { x: true, y: false, setScale: false },
      bind: { dblclick: () => () => (group.setRange(null), null) },
    },
    scales: {
      x: {
        time: false,
        range: (_u, min, max) => (group.range ? [...group.range] as [number, number] : max > min ? [min, max] : [min, min + 1]),
      },
      y: { range: yRange(spec, limits) },
      ...(right ? { right: { range: yRange({ ...spec, fixedTop: undefined, top: 1 }, () => []) } } : {}),
    },
    axes: [
      { ...axis, size: 26, gap: 6, space: 64, values: format(spec.xFormat), ...(spec.xSteps ? { incrs: spec.xSteps } : {}) },
      { ...axis, size: AXIS_LEFT, gap: 8, space: 34, values: format(spec.format) },
      ...(right
        ? [{ ...axis, scale: "right", side: 1 as const, size: AXIS_RIGHT, gap: 8, space: 34, grid: { show: false }, values: format(spec.rightFormat ?? spec.format) }]
        : []),
    ],
    series: [{}, ...seriesOptions(spec, shown)],
    ...(spec.stacked ? { bands: spec.series.slice(1).map((_s, i) => ({ series: [i + 1, i + 2] as [number, number] })) } : {}),
    hooks: {
      setCursor: [hooks.cursor],
      setSelect: [(u) => selected(u, group)],
      draw: [(u) => drawMarks(u, marks(), limits())],
    },
  };
}

function selected(u: uPlot, group: ChartGroup): void {
  const { left, width } = u.select;
  if (width < 4) return;
  const range: [number, number] = [u.posToVal(left, "x"), u.posToVal(left + width, "x")];
  u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  group.setRange(range);
}

const TONES = { info: "--accent", warn: "--warn", bad: "--bad" } as const;

function drawMarks(u: uPlot, marks: ChartMark[], limits: ChartLimit[]): void {
  const { ctx } = u;
  const { left, top, width, height } = u.bbox;
  const px = devicePixelRatio || 1;

  ctx.save();
  ctx.lineWidth = px;
  for (const mark of marks) {
    const x = Math.round(u.valToPos(mark.x, "x", true)) + 0.5;
    if (x < left || x > left + width) continue;
    ctx.strokeStyle = ctx.fillStyle = token(TONES[mark.tone ?? "info"]);
    ctx.globalAlpha = 0.7;
    ctx.setLineDash([3 * px, 3 * px]);
    ctx.beginPath();
    ctx.moveTo(x, top);
    ctx.lineTo(x, top + height);
    ctx.stroke();
    ctx.globalAlpha = 1;
    ctx.beginPath();
    ctx.moveTo(x - 4 * px, top - 1 * px);
    ctx.lineTo(x + 4 * px, top - 1 * px);
    ctx.lineTo(x, top + 5 * px);
    ctx.fill();
  }
  let before = { y: -Infinity, width: 0 };
  for (const limit of [...limits].sort((a, b) => b.value - a.value)) {
    const y = Math.round(u.valToPos(limit.value, "y", true)) + 0.5;
    if (y < top || y > top + height) continue;
    ctx.strokeStyle = ctx.fillStyle = token("--bad");
    ctx.setLineDash([6 * px, 4 * px]);
    ctx.globalAlpha = 0.8;
    ctx.beginPath();
    ctx.moveTo(left, y);
    ctx.lineTo(left + width, y);
    ctx.stroke();
    ctx.font = `${11 * px}px system-ui, sans-serif`;
    ctx.textAlign = "right";
    ctx.textBaseline = "bottom";
    const aside = y - before.y < 14 * px ? before.width + 12 * px : 0; // beside a label that is as high
    ctx.fillText(limit.label, left + width - 4 * px - aside, y - 2 * px);
    before = { y, width: aside + ctx.measureText(limit.label).width };
  }
  ctx.restore();
}
