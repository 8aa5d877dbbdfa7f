// One figure over all runs of a script: where its level changed, and with which run.
import { useEffect, useMemo } from "preact/hooks";
import { Badge, Empty, ErrorState, Loading, Section, Tag } from "../components/bits";
import { Chart, type ChartMark, type ChartSeries } from "../components/chart";
import { Table, type Column } from "../components/table";
import { api } from "../lib/api";
import type { MetricType, RunDoc, Trend } from "../lib/doc";
import { formatDate, formatDelta, type Format } from "../lib/format";
import { figureFormat } from "../lib/judgement";
import { useLoad } from "../lib/load";
import { href, type Route } from "../lib/route";
import { VERDICTS } from "../lib/run_words";
import { axisOf, dayOf, formatDay, levelsOf, valuesByTrust, type TrendAxis } from "../lib/trend_series";
import "./pages.css";

const STATS: Record<MetricType, string[]> = {
  trend: ["p(50)", "p(90)", "p(95)", "p(99)", "avg", "min", "max"],
  counter: ["rate", "count"],
  rate: ["rate"],
  gauge: ["value", "min", "max"],
};
const METRIC = "http_req_duration";
const STAT = "p(95)";
const FEW_DAYS = 4; // an axis so short has times of day

export function TrendView(props: { route: Route }) {
  const { args, query } = props.route;
  const scripts = useLoad(() => api.scripts(), []);
  const script = args[0] ?? scripts.data?.[0]?.script;

  useEffect(() => {
    document.title = "Trend · brunt";
  }, []);
  if (scripts.error) return <ErrorState title="The history could not be read" text={scripts.error} onRetry={scripts.reload} height={320} />;
  if (!scripts.data) return <Loading height={1200} />;
  if (script === undefined)
    return (
      <Empty title="No runs yet" height={320}>
        A trend needs some runs of one script: <a href={href("runs")}>the history</a> says how to make one.
      </Empty>
    );
  return (
    <TrendOf
      script={script}
      scripts={scripts.data.map((s) => s.script)}
      metric={query.get("metric") || METRIC}
      stat={query.get("stat") || STAT}
      axis={query.get("by") === "date" ? "date" : "run"}
    />
  );
}

interface Choice {
  script: string;
  metric: string;
  stat: string;
  axis: TrendAxis;
}

function go(choice: Choice): void {
  const query = new URLSearchParams({ metric: choice.metric, stat: choice.stat, by: choice.axis });

  location.hash = `${href("trend", choice.script)}?${query.toString()}`;
}

function TrendOf(props: Choice & { scripts: string[] }) {
  const { script, metric, stat, axis } = props;
  const trend = useLoad(() => api.trend(script, metric, stat), [script, metric, stat]);
  const t = trend.data && trend.data.script === script && trend.data.metric === metric && trend.data.stat === stat ? trend.data : null;

  return (
    <>
      <header class="view-head">
        <h1>Trend</h1>
        <span class="muted num" role="status">
          {t ? `${t.points.length} runs, ${t.changes.length === 1 ? "1 change" : `${t.changes.length} changes`}` : "\u00a0"}
        </span>
      </header>
      <Selectors {...props} />
      {trend.error ? (
        <ErrorState title="The trend could not be read" text={trend.error} onRetry={trend.reload} height={320} />
      ) : !t ? (
        <Loading height={1200} text="Reading the runs …" />
      ) : t.points.length === 0 ? (
        <Empty title="No run has this figure" height={320}>
          Runs of {script} did not measure {metric}.
        </Empty>
      ) : (
        <>
          <TrendChart trend={t} axis={axis} />
          <Changes trend={t} />
          <Runs trend={t} />
        </>
      )}
    </>
  );
}

/** The metrics of a script's newest run and their types; a trend can be had of each. */
async function newestOf(script: string): Promise<RunDoc | null> {
  const list = await api.runs({ script, limit: 1 });
  const run = list.runs[0];

  return run ? api.run(run.id, 1) : null;
}

function Selectors(props: Choice & { scripts: string[] }) {
  const newest = useLoad(() => newestOf(props.script), [props.script]);
  const metrics = newest.data?.metrics ?? {};
  const names = Object.keys(metrics).sort();
  const stats = STATS[metrics[props.metric]?.type ?? "trend"];
  const choice = { script: props.script, metric: props.metric, stat: props.stat, axis: props.axis };
  const withOwn = (list: string[], own: string) => (list.includes(own) ? list : [own, ...list]);
  const chooseMetric = (metric: string) => {
    const fitting = STATS[metrics[metric]?.type ?? "trend"];
    go({ ...choice, metric, stat: fitting.includes(props.stat) ? props.stat : fitting.includes(STAT) ? STAT : (fitting[0] ?? STAT) });
  };

  return (
    <div class="filters">
      <Select label="Script" grow value={props.script} options={withOwn(props.scripts, props.script)} onChange={(script) => go({ ...choice, script })} />
      <Select label="Metric" grow value={props.metric} options={withOwn(names, props.metric)} onChange={chooseMetric} />
      <Select label="Figure" value={props.stat} options={withOwn(stats, props.stat)} onChange={(stat) => go({ ...choice, stat })} />
      <Select label="Axis" value={props.axis} options={["run", "date"]} onChange={(axis) => go({ ...choice, axis: axis as TrendAxis })} />
    </div>
  );
}

function Select(props: { label: string; value: string; options: string[]; onChange: (value: string) => void; grow?: boolean }) {
  return (
    <label class={`inline-field${props.grow ? " grow" : ""}`}>
      <span>{props.label}</span>
      <select class="input" value={props.value} onChange={(e) => props.onChange(e.currentTarget.value)}>
        {props.options.map((option) => (
          <option key={option} value={option}>
            {option}
          </option>
        ))}
      </select>
    </label>
  );
}

function marksOf(trend: Trend, xs: number[]): ChartMark[] {
  return trend.changes.map((c) => ({
    x: ((xs[c.index - 1] ?? xs[c.index] ?? 0) + (xs[c.index] ?? 0)) / 2, // between the last before and the first since
    text: `${formatDelta(c.delta_pct)} with ${trend.points[c.index]?.id ?? ""}`,
    tone: "warn",
  }));
}

function TrendChart(props: { trend: Trend; axis: TrendAxis }) {
  const { trend, axis } = props;
  const format = figureFormat(trend.metric, trend.stat, trend.contains);
  const xs = useMemo(() => axisOf(trend, axis), [trend, axis]);
  const marks = useMemo(() => marksOf(trend, xs), [trend, xs]);
  const version = useMemo(() => ({}), [trend, axis]);
  const { trusted, doubtful } = useMemo(() => valuesByTrust(trend), [trend]);
  const series: ChartSeries[] = [
    { label: trend.stat, kind: "points", colour: 0 },
    ...(doubtful.some((v) => v !== null) ? [{ label: "generator suspect or invalid", kind: "points", colour: 1 } as const] : []),
    ...(trend.changes.length > 0 ? [{ label: "level", colour: 2, kind: "line" } as const] : []),
  ];
  const data = () => {
    const columns = [trusted];
    if (doubtful.some((v) => v !== null)) columns.push(doubtful);
    if (trend.changes.length > 0) columns.push(levelsOf(trend));
    return [xs, ...columns] as [number[], ...typeof columns];
  };
  const xFormat: Format = axis === "run" ? (x) => runOf(trend, x, isShort(trend)) : (x) => formatDay(x, isShort(trend));

  return (
    <>
      <h2 class="sr-only">All runs</h2>
      <Chart
        title={`${trend.metric} ${trend.stat}`}
        note={<span class="muted">a click, or Enter, opens the run</span>}
        series={series}
        data={data}
        version={version}
        format={format}
        xFormat={xFormat}
        marks={marks}
        fromZero={false}
        height={320}
        onPick={(i) => trend.points[i] && (location.hash = href("runs", trend.points[i].id))}
      />
    </>
  );
}

/** Whether the runs are of so few days that a date alone would not tell them apart. */
function isShort(trend: Trend): boolean {
  const first = trend.points[0];
  const last = trend.points[trend.points.length - 1];

  return !first || !last || dayOf(last.at_ms) - dayOf(first.at_ms) < FEW_DAYS;
}

/** The n-th run of the axis by its date. */
function runOf(trend: Trend, x: number | null | undefined, withTime: boolean): string {
  const point = trend.points[(x ?? 0) - 1];

  return point ? formatDay(dayOf(point.at_ms), withTime) : "";
}

function Changes(props: { trend: Trend }) {
  const { trend } = props;
  const format = figureFormat(trend.metric, trend.stat, trend.contains);

  return (
    <Section id="changes" title="Changes of the level">
      {trend.changes.length === 0 ? (
        <p class="muted">None: what varies between these runs is no more than chance.</p>
      ) : (
        <ul class="changes">
          {trend.changes.map((c) => {
            const run = trend.points[c.index];
            const before = trend.points[c.index - 1];
            return (
              <li key={c.index} class="card change" data-change={c.index}>
                <strong class="num change-delta">{formatDelta(c.delta_pct)}</strong>
                <div class="change-text">
                  <div>{c.text}</div>
                  <div class="muted num">
                    {format(c.before)} before, {format(c.after)} since · confidence {Number((c.confidence * 100).toFixed(1))} %
                    {run && ` · ${formatDate(run.at_ms)}`}
                  </div>
                </div>
                {run && (
                  <a class="button" href={href("runs", run.id)}>
                    Open the run
                  </a>
                )}
                {run && before && (
                  <a class="button" href={href("compare", run.id, before.id)}>
                    Compare with the one before
                  </a>
                )}
              </li>
            );
          })}
        </ul>
      )}
    </Section>
  );
}

type Point = Trend["points"][number] & { before: number | null; changed: boolean };

function Runs(props: { trend: Trend }) {
  const { trend } = props;
  const format = figureFormat(trend.metric, trend.stat, trend.contains);
  const rows: Point[] = useMemo(() => {
    const changes = new Set(trend.changes.map((c) => c.index));
    return trend.points.map((p, i) => ({ ...p, before: trend.points[i - 1]?.value ?? null, changed: changes.has(i) }));
  }, [trend]);
  const columns = useMemo(() => columnsOf(trend, format), [trend]);

  return (
    <Section id="runs" title="Runs">
      <div class="card">
        <Table
          label="Runs of the trend"
          rows={rows}
          columns={columns}
          rowKey={(p) => p.id}
          sort={{ key: "when", descending: true }}
          filter={(p) => `${p.id} ${formatDate(p.at_ms)} ${p.labels.join(" ")} ${p.verdict}`}
          filterHint="Filter runs"
          maxHeight={480}
          rowTone={(p) => (p.changed ? "warn" : undefined)}
          onOpen={(p) => (location.hash = href("runs", p.id))}
        />
      </div>
    </Section>
  );
}

function deltaOf(p: Point): number | null {
  return p.before ? (p.value / p.before - 1) * 100 : null;
}

function columnsOf(trend: Trend, format: Format): Column<Point>[] {
  return [
    { key: "when", title: "When", value: (p) => p.at_ms, descending: true, render: (p) => <span class="num">{formatDate(p.at_ms)}</span> },
    { key: "value", title: trend.stat, width: 110, value: (p) => p.value, render: (p) => format(p.value) },
    { key: "delta", title: "To the one before", width: 140, value: deltaOf, render: (p) => formatDelta(deltaOf(p)) },
    { key: "verdict", title: "Verdict", width: 110, align: "left", value: (p) => p.verdict, render: (p) => <Trust verdict={p.verdict} /> },
    {
      key: "labels",
      title: "Labels",
      width: 240,
      align: "left",
      value: (p) => p.labels.join(", "),
      render: (p) => (
        <span class="labels">
          {p.labels.map((label) => (
            <Tag key={label}>{label}</Tag>
          ))}
        </span>
      ),
    },
    { key: "id", title: "Run", width: 240, align: "left", value: (p) => p.id },
  ];
}

function Trust(props: { verdict: string }) {
  const known = VERDICTS[props.verdict as keyof typeof VERDICTS];

  return known ? <Badge tone={known.tone}>{known.text}</Badge> : <span class="muted">–</span>;
}
