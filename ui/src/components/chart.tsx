// A chart over time (or over runs): title, legend with values at the cursor, plot. It draws when it can be seen.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { ChartGroup, nearest } from "../lib/chart_group";
import { formatClock, type Format } from "../lib/format";
import { cancelFrame, nextFrame } from "../lib/frame";
import { useTheme } from "../lib/theme";
import {
  CLOCK_STEPS,
  colourOf,
  plotOptions,
  stack,
  type ChartData,
  type ChartLimit,
  type ChartMark,
  type ChartSeries,
  type PlotSpec,
} from "./chart_plot";

export type { ChartData, ChartLimit, ChartMark, ChartSeries } from "./chart_plot";

export interface ChartProps {
  title: string;
  note?: ComponentChildren; // beside the title
  series: ChartSeries[];
  data: () => ChartData; // x, then an array a series; asked for when it is drawn
  version: unknown; // drawn again when this changes
  format: Format;
  rightFormat?: Format;
  xFormat?: Format; // default: seconds as a clock
  height?: number; // of the plot
  group?: ChartGroup; // charts that share range and cursor
  marks?: ChartMark[];
  limits?: ChartLimit[];
  stacked?: boolean;
  fromZero?: boolean; // default true
  top?: number; // the y axis reaches at least so far
  fixedTop?: number;
  onPick?: (index: number) => void; // a click, or Enter, on a point
}

/** What a chart holds outside of Preact's tree. */
class Plot {
  private u: uPlot | null = null;
  private raw: ChartData = [[]];
  private dirty = true;
  private visible = false;
  private quiet = false; // a cursor that we set ourselves

  constructor(
    private host: HTMLElement,
    private group: ChartGroup,
    public props: ChartProps,
    public shown: boolean[],
    private onCursor: (index: number, raw: ChartData) => void,
  ) {}

  private spec(): PlotSpec {
    const p = this.props;
    return {
      series: p.series,
      format: p.format,
      rightFormat: p.rightFormat,
      xFormat: p.xFormat ?? ((v) => formatClock(v, true)),
      xSteps: p.xFormat ? undefined : CLOCK_STEPS,
      stacked: p.stacked ?? false,
      top: p.top ?? 0,
      fixedTop: p.fixedTop,
      fromZero: p.fromZero ?? true,
    };
  }

  private build(): void {
    const size = { width: this.host.clientWidth, height: this.host.clientHeight };
    if (size.width === 0) return;
    const options = plotOptions(
      this.spec(),
      size,
      this.shown,
      this.group,
      () => this.props.marks ?? [],
      () => this.props.limits ?? [],
      { cursor: (u) => this.moved(u) },
    );
    this.u = new uPlot(options, [[]], this.host);
  }

  /** Throws the drawing away; the next one begins anew with other colours or series. */
  rebuild(): void {
    this.u?.destroy();
    this.u = null;
    this.touch();
  }

  touch(): void {
    this.dirty = true;
    if (this.visible) nextFrame(this.draw);
  }

  see(visible: boolean): void {
    this.visible = visible;
    if (visible && this.dirty) nextFrame(this.draw);
  }

  draw = (): void => {
    if (!this.u) this.build();
    if (!this.u) return;
    this.dirty = false;
    this.raw = this.props.data();
    const data = this.props.stacked ? stack(this.raw, this.shown) : this.raw;
    this.quiet = true;
    this.u.setData(data as unknown as uPlot.AlignedData);
    this.quiet = false;
    this.place();
  };

  resize(): void {
    const { clientWidth: width, clientHeight: height } = this.host;
    if (!this.u) this.touch();
    else if (width > 0 && (width !== this.u.width || height !== this.u.height)) this.u.setSize({ width, height });
  }

  show(index: number, on: boolean): void {
    this.shown[index] = on;
    this.u?.setSeries(index + 1, { show: on });
    this.touch();
  }

  private moved(u: uPlot): void {
    const index = u.cursor.idx ?? -1;

    if (!this.quiet) this.group.setCursor(u.cursor.left !== undefined && u.cursor.left >= 0 ? (this.raw[0][index] ?? null) : null);
  }

  /** Puts the cursor where the group has it. */
  place = (): void => {
    const { u, group } = this;
    const xs = this.raw[0];
    const index = group.cursor === null ? -1 : nearest(xs, xs.length, group.cursor);

    this.onCursor(index, this.raw);
    if (!u) return;
    this.quiet = true;
    if (index < 0) u.setCursor({ left: -10, top: -10 }, false);
    else u.setCursor({ left: u.valToPos(xs[index] as number, "x"), top: 0 }, false);
    this.quiet = false;
  };

  /** The key that a focused chart was given; true where it was for it. */
  key(key: string, shift: boolean): boolean {
    const xs = this.raw[0];
    const at = this.group.cursor === null ? -1 : nearest(xs, xs.length, this.group.cursor);
    const step = shift ? 10 : 1;
    const moves: Record<string, number> = {
      ArrowLeft: at < 0 ? xs.length - 1 : at - step,
      ArrowRight: at < 0 ? 0 : at + step,
      Home: 0,
      End: xs.length - 1,
    };
    const to = moves[key];

    if (key === "Escape") this.group.setCursor(null);
    else if (key === "Backspace") this.group.setRange(null);
    else if (key === "+" || key === "-") this.zoom(key === "+" ? 0.5 : 2);
    else if (key === "Enter" && this.props.onPick && at >= 0) this.props.onPick(at);
    else if (to !== undefined && xs.length > 0) this.group.setCursor(xs[Math.max(0, Math.min(xs.length - 1, to))] as number);
    else return false;
    return true;
  }

  private zoom(factor: number): void {
    const xs = this.raw[0];
    if (xs.length < 2) return;
    const full: [number, number] = [xs[0] as number, xs[xs.length - 1] as number];
    const [from, to] = this.group.range ?? full;
    const middle = this.group.cursor ?? (from + to) / 2;
    const low = Math.max(full[0], middle - (middle - from) * factor);
    const high = Math.min(full[1], middle + (to - middle) * factor);
    this.group.setRange(low <= full[0] && high >= full[1] ? null : [low, high]);
  }

  pick(): void {
    const xs = this.raw[0];
    if (this.props.onPick && this.group.cursor !== null) this.props.onPick(nearest(xs, xs.length, this.group.cursor));
  }

  destroy(): void {
    cancelFrame(this.draw);
    cancelFrame(this.place);
    this.u?.destroy();
  }
}

/** What of the properties needs a new plot, not only new data. */
function shapeOf(p: ChartProps): string {
  return JSON.stringify([p.stacked, p.series.map((s) => [s.label, s.colour, s.kind, s.axis, s.dash])]);
}

function lastOf(values: ArrayLike<number | null> | undefined): number | null {
  for (let i = (values?.length ?? 0) - 1; i >= 0; i--) {
    const v = values?.[i];
    if (v !== null && v !== undefined) return v;
  }
  return null;
}

export function Chart(props: ChartProps) {
  const theme = useTheme();
  const own = useMemo(() => new ChartGroup(), []);
  const group = props.group ?? own;
  const card = useRef<HTMLElement>(null);
  const host = useRef<HTMLDivElement>(null);
  const when = useRef<HTMLSpanElement>(null);
  const spoken = useRef<HTMLSpanElement>(null);
  const values = useRef<(HTMLSpanElement | null)[]>([]);
  const plot = useRef<Plot | null>(null);
  const latest = useRef(props);
  const byKey = useRef(false);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(
    () => new Set(props.series.filter((s) => s.hidden).map((s) => s.label)),
  );
  const shown = props.series.map((s) => !hidden.has(s.label));
  const shape = shapeOf(props);

  latest.current = props;

  // The legend follows the cursor without Preact: it moves with the mouse.
  const write = (index: number, raw: ChartData): void => {
    const p = latest.current;
    const mark = index < 0 ? undefined : markNear(p.marks ?? [], raw[0], index);
    const clock = index < 0 ? "" : (p.xFormat ?? ((v: number | null | undefined) => formatClock(v, true)))(raw[0][index]);
    const said: string[] = [clock];

    p.series.forEach((s, i) => {
      const format = s.format ?? (s.axis === "right" ? (p.rightFormat ?? p.format) : p.format);
      const value = index < 0 ? lastOf(raw[i + 1]) : raw[i + 1]?.[index];
      const text = index < 0 && s.summary !== undefined ? s.summary : format(value);
      const element = values.current[i];
      if (element && element.textContent !== text) element.textContent = text;
      said.push(`${s.label} ${text}`);
    });
    if (when.current) when.current.textContent = mark ? `${clock} · ${mark.text}` : clock;
    if (spoken.current && byKey.current) spoken.current.textContent = said.join(", ");
  };

  useEffect(() => {
    const element = host.current;
    if (!element || !card.current) return;
    const p = new Plot(element, group, latest.current, shown, write);
    plot.current = p;

    const see = new IntersectionObserver((entries) => p.see(entries.some((e) => e.isIntersecting)), {
      rootMargin: "160px",
    });
    const resize = new ResizeObserver(() => p.resize());
    const print = () => {
      p.rebuild(); // paper has the light theme's colours
      p.draw();
    };
    const printed = () => p.rebuild();
    const leave = group.subscribe((what) => (what === "range" ? p.touch() : nextFrame(p.place)));
    see.observe(card.current);
    resize.observe(element);
    addEventListener("beforeprint", print);
    addEventListener("afterprint", printed);
    return () => {
      removeEventListener("beforeprint", print);
      removeEventListener("afterprint", printed);
      see.disconnect();
      resize.disconnect();
      leave();
      p.destroy();
      plot.current = null;
    };
  }, [group]);

  useEffect(() => {
    const p = plot.current;
    if (!p) return;
    p.props = latest.current;
    p.shown = shown;
    p.rebuild();
  }, [theme, shape]);

  useEffect(() => {
    const p = plot.current;
    if (!p) return;
    p.props = latest.current;
    p.touch();
  }, [props.version, props.marks, props.limits]);

  const toggle = (label: string, index: number, alone: boolean) => {
    const next = new Set(hidden);
    if (alone) {
      const others = props.series.filter((s) => s.label !== label);
      const isAlone = others.every((s) => next.has(s.label)) && !next.has(label);
      next.clear();
      if (!isAlone) for (const s of others) next.add(s.label);
    } else if (!next.delete(label)) next.add(label);
    setHidden(next);
    props.series.forEach((s, i) => plot.current?.show(i, !next.has(s.label)));
    void index;
  };

  return (
    <figure class="card chart" ref={card} aria-label={props.title}>
      <header class="card-head">
        <h3>{props.title}</h3>
        {props.note}
        <span class="chart-when num" ref={when} />
      </header>
      <div
        class="chart-plot"
        ref={host}
        style={{ height: props.height ?? 200 }}
        tabIndex={0}
        role="group"
        aria-roledescription="chart"
        aria-label={`${props.title}. Arrow keys move the cursor, plus and minus zoom.`}
        onClick={() => plot.current?.pick()}
        onKeyDown={(e) => {
          if (e.ctrlKey || e.metaKey || e.altKey) return;
          byKey.current = true;
          if (plot.current?.key(e.key, e.shiftKey)) e.preventDefault();
        }}
        onPointerMove={() => (byKey.current = false)}
        onPointerLeave={() => group.setCursor(null)}
        onBlur={() => byKey.current && group.setCursor(null)}
      />
      <span class="sr-only" aria-live="polite" ref={spoken} />
      <ul class="legend">
        {props.series.map((s, i) => (
          <li key={s.label}>
            <button
              type="button"
              class="legend-item"
              aria-pressed={shown[i]}
              title={`${s.label}: click to hide or show, with Shift it alone`}
              onClick={(e) => toggle(s.label, i, e.shiftKey)}
            >
              <span class={`swatch${s.dash ? " swatch-dash" : ""}`} style={{ color: colourOf(s, i) }} />
              <span class="legend-label">{s.label}</span>
              <span class="legend-value num" ref={(el) => void (values.current[i] = el)} />
            </button>
          </li>
        ))}
      </ul>
    </figure>
  );
}

/** A mark within two steps of the cursor. */
function markNear(marks: ChartMark[], xs: ArrayLike<number>, index: number): ChartMark | undefined {
  const x = xs[index] as number;
  const step = (xs.length > 1 ? ((xs[xs.length - 1] as number) - (xs[0] as number)) / (xs.length - 1) : 1) * 2;
  let best: ChartMark | undefined;

  for (const mark of marks)
    if (Math.abs(mark.x - x) <= step && (!best || Math.abs(mark.x - x) < Math.abs(best.x - x))) best = mark;
  return best;
}
