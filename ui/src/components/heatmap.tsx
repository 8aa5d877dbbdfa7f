// How many requests took how long, over time: a canvas under the same axis, range and cursor as the charts.
import { useEffect, useRef } from "preact/hooks";
import type { ComponentChildren } from "preact";
import { nearest, type ChartGroup } from "../lib/chart_group";
import { formatClock, formatCount, formatMs } from "../lib/format";
import { nextFrame } from "../lib/frame";
import { token, useTheme } from "../lib/theme";
import { AXIS_LEFT, round } from "./chart_plot";

export interface HeatMapProps {
  title: string;
  note?: ComponentChildren;
  times: () => ArrayLike<number>; // ends of steps, ascending
  rows: () => readonly number[][]; // bucket, count, bucket, count … a step
  version: unknown;
  group: ChartGroup;
  height?: number;
}

/** A bucket i holds durations of 2^((i-1)/4) to 2^(i/4) seconds. */
export function bucketMs(i: number): number {
  return 1000 * 2 ** (i / 4);
}

export interface HeatGrid {
  from: number; // the lowest bucket
  buckets: number;
  columns: number;
  counts: Float64Array; // columns × buckets
  max: number;
  start: number; // of the time that columns cover
  end: number;
}

/** Counts of a range of time in at most `columns` columns. Null where there are none. */
export function heatGrid(times: ArrayLike<number>, rows: readonly number[][], range: readonly [number, number] | null, columns: number): HeatGrid | null {
  const n = Math.min(times.length, rows.length);
  const start = range ? range[0] : 0;
  const end = range ? range[1] : ((times[times.length - 1] as number | undefined) ?? 0);
  let low = Infinity;
  let high = -Infinity;
  const within = (i: number) => (times[i] as number) > start && (times[i] as number) <= end;

  for (let i = 0; i < n; i++) {
    if (!within(i)) continue;
    const row = rows[i] as number[];
    for (let k = 0; k + 1 < row.length; k += 2) {
      low = Math.min(low, row[k] as number);
      high = Math.max(high, row[k] as number);
    }
  }
  if (!(high >= low) || high - low > 400 || !(end > start)) return null;

  const steps = Math.max(1, nearest(times, n, end) - nearest(times, n, start) + 1);
  const used = Math.max(1, Math.min(columns, steps));
  const buckets = high - low + 1;
  const counts = new Float64Array(used * buckets);
  let max = 0;
  for (let i = 0; i < n; i++) {
    if (!within(i)) continue;
    const row = rows[i] as number[];
    const at = Math.min(used - 1, Math.max(0, Math.ceil((((times[i] as number) - start) / (end - start)) * used) - 1));
    for (let k = 0; k + 1 < row.length; k += 2) {
      const cell = at * buckets + (row[k] as number) - low;
      max = Math.max(max, (counts[cell] = (counts[cell] as number) + (row[k + 1] as number)));
    }
  }
  return { from: low, buckets, columns: used, counts, max, start, end };
}

function mix(a: string, b: string, share: number): string {
  const part = (at: number) => {
    const x = parseInt(a.slice(at, at + 2), 16);
    return Math.round(x + (parseInt(b.slice(at, at + 2), 16) - x) * share);
  };
  return `rgb(${part(1)} ${part(3)} ${part(5)})`;
}

const BOTTOM = 26;
const TOP = 8;
const RIGHT = 20;

/** What the map has outside of Preact's tree. */
class Map2d {
  private grid: HeatGrid | null = null;
  private visible = false;
  private dirty = true;

  constructor(
    private canvas: HTMLCanvasElement,
    private line: HTMLElement,
    private said: (text: string) => void,
    public props: HeatMapProps,
  ) {}

  touch(): void {
    this.dirty = true;
    if (this.visible) nextFrame(this.draw);
  }

  see(visible: boolean): void {
    this.visible = visible;
    if (visible && this.dirty) nextFrame(this.draw);
  }

  private get box() {
    return { width: this.canvas.clientWidth - AXIS_LEFT - RIGHT, height: this.canvas.clientHeight - TOP - BOTTOM };
  }

  draw = (): void => {
    const { canvas } = this;
    const px = devicePixelRatio || 1;
    const ctx = canvas.getContext("2d");
    const { width, height } = this.box;
    if (!ctx || width <= 0) return;

    this.dirty = false;
    canvas.width = Math.round(canvas.clientWidth * px);
    canvas.height = Math.round(canvas.clientHeight * px);
    ctx.scale(px, px);
    this.grid = heatGrid(this.props.times(), this.props.rows(), this.props.group.range, Math.floor(width / 3));
    if (this.grid) {
      this.cells(ctx, this.grid, width, height);
      this.axes(ctx, this.grid, width, height);
    }
    this.place();
  };

  private cells(ctx: CanvasRenderingContext2D, g: HeatGrid, width: number, height: number): void {
    const low = token("--heat-low");
    const high = token("--heat-high");
    const shades = Array.from({ length: 33 }, (_v, i) => mix(low, high, i / 32));
    const scale = Math.log1p(g.max);
    const w = width / g.columns;
    const h = height / g.buckets;

    for (let c = 0; c < g.columns; c++)
      for (let b = 0; b < g.buckets; b++) {
        const count = g.counts[c * g.buckets + b] as number;
        if (count <= 0) continue;
        ctx.fillStyle = shades[Math.round((Math.log1p(count) / scale) * 32)] as string;
        const x = Math.floor(AXIS_LEFT + c * w);
        const y = Math.floor(TOP + (g.buckets - 1 - b) * h);
        ctx.fillRect(x, y, Math.ceil(AXIS_LEFT + (c + 1) * w) - x, Math.ceil(TOP + (g.buckets - b) * h) - y);
      }
  }

  private axes(ctx: CanvasRenderingContext2D, g: HeatGrid, width: number, height: number): void {
    const h = height / g.buckets;

    ctx.fillStyle = token("--text-3");
    ctx.font = '11px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
    ctx.textAlign = "right";
    ctx.textBaseline = "middle";
    const decades = (g.buckets / 4) * Math.log10(2);
    const marks = decades > 3 ? [1] : decades > 0.8 ? [1, 3] : [1, 1.5, 2, 3, 5, 7];
    for (let e = -3; e <= 7; e++)
      for (const m of marks) {
        const ms = m * 10 ** e;
        const at = 4 * Math.log2(ms / 1000) - (g.from - 1);
        const y = TOP + height - at * h;
        if (at >= 0 && at <= g.buckets) ctx.fillText(round(formatMs(ms)), AXIS_LEFT - 8, y);
      }

    ctx.textAlign = "center";
    ctx.textBaseline = "top";
    const count = Math.max(2, Math.floor(width / 96));
    const step = niceStep((g.end - g.start) / count);
    for (let t = Math.ceil(g.start / step) * step; t <= g.end; t += step)
      ctx.fillText(formatClock(t, true), AXIS_LEFT + ((t - g.start) / (g.end - g.start)) * width, TOP + height + 8);
  }

  /** The cursor's line, where the group has it. */
  place = (): void => {
    const { grid, line } = this;
    const at = this.props.group.cursor;
    const on = grid && at !== null && at >= grid.start && at <= grid.end;

    line.style.display = on ? "block" : "none";
    if (on) line.style.transform = `translateX(${AXIS_LEFT + ((at - grid.start) / (grid.end - grid.start)) * this.box.width}px)`;
    else this.said("");
  };

  hover(x: number, y: number): void {
    const { grid } = this;
    const { width, height } = this.box;
    const share = (x - AXIS_LEFT) / width;
    if (!grid || share < 0 || share > 1 || y < TOP || y > TOP + height) return this.leave();

    const t = grid.start + share * (grid.end - grid.start);
    const column = Math.min(grid.columns - 1, Math.floor(share * grid.columns));
    const bucket = Math.min(grid.buckets - 1, Math.floor(((TOP + height - y) / height) * grid.buckets));
    const count = grid.counts[column * grid.buckets + bucket] as number;
    const i = grid.from + bucket;
    this.props.group.setCursor(t);
    this.said(`${formatClock(t)} · ${formatMs(bucketMs(i - 1))} to ${formatMs(bucketMs(i))}: ${formatCount(count)}`);
  }

  leave(): void {
    this.props.group.setCursor(null);
    this.said("");
  }
}

function niceStep(least: number): number {
  return [0.1, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200].find((s) => s >= least) ?? 86_400;
}

export function HeatMap(props: HeatMapProps) {
  const theme = useTheme();
  const canvas = useRef<HTMLCanvasElement>(null);
  const line = useRef<HTMLDivElement>(null);
  const text = useRef<HTMLSpanElement>(null);
  const map = useRef<Map2d | null>(null);

  useEffect(() => {
    const element = canvas.current;
    if (!element || !line.current) return;
    const m = new Map2d(element, line.current, (s) => text.current && (text.current.textContent = s), props);
    map.current = m;
    const see = new IntersectionObserver((e) => m.see(e.some((x) => x.isIntersecting)), { rootMargin: "160px" });
    const resize = new ResizeObserver(() => m.touch());
    const leave = props.group.subscribe((what) => (what === "range" ? m.touch() : nextFrame(m.place)));
    see.observe(element);
    resize.observe(element);
    const printed = () => m.touch();
    addEventListener("beforeprint", m.draw);
    addEventListener("afterprint", printed);
    return () => {
      removeEventListener("beforeprint", m.draw);
      removeEventListener("afterprint", printed);
      see.disconnect();
      resize.disconnect();
      leave();
    };
  }, [props.group]);

  useEffect(() => {
    if (!map.current) return;
    map.current.props = props;
    map.current.touch();
  }, [props.version, props.title, theme]);

  return (
    <figure class="card chart" aria-label={props.title}>
      <header class="card-head">
        <h3>{props.title}</h3>
        {props.note}
        <span class="chart-when num" ref={text} />
      </header>
      <div class="chart-plot" style={{ height: props.height ?? 220 }}>
        <canvas
          ref={canvas}
          class="heat-canvas"
          role="img"
          aria-label={`${props.title}: the percentiles' charts beside it have the same figures`}
          onPointerMove={(e) => map.current?.hover(e.offsetX, e.offsetY)}
          onPointerLeave={() => map.current?.leave()}
          onDblClick={() => props.group.setRange(null)}
        />
        <div class="heat-line" ref={line} />
      </div>
      <div class="heat-scale">
        few <span class="heat-ramp" /> many
      </div>
    </figure>
  );
}
