// Throughput, latency and errors of several runs over each other, and how their latency was spread.
import { useMemo, useState } from "preact/hooks";
import { ChartGroup } from "../lib/chart_group";
import { commonTimes, perStepSecond, pointsOf, shareOf, totalOf, valuesAt, type Column } from "../lib/align";
import { bucketEnd, commonBuckets, distributionOf, shareIn, shareUpTo, type Distribution } from "../lib/distribution";
import type { RunDoc } from "../lib/doc";
import { endpointName } from "../lib/judgement";
import { formatCount, formatMs, formatRate, formatShare, type Format } from "../lib/format";
import { runTitle } from "../lib/run_words";
import { Chart, type ChartData, type ChartSeries } from "./chart";

const LATENCY = "http_req_duration";
const FAILED = "http_req_failed";
const STATS = ["p50", "p90", "p95", "p99", "max"] as const;

type Tags = Record<string, string>;

/** Methods and names of the requests that any of the runs made. */
export function endpointsOf(docs: RunDoc[]): Tags[] {
  const found = new Map<string, Tags>();

  for (const doc of docs) {
    for (const e of doc.entries) {
      if (e.by === "endpoint" && e.metric === LATENCY) found.set(JSON.stringify([e.tags["name"], e.tags["method"]]), e.tags);
    }
  }
  return [...found.values()];
}

/** One column of every run on their common axis. */
function overlay(docs: RunDoc[], times: number[], column: (doc: RunDoc) => Column): ChartData {
  return [times, ...docs.map((doc) => valuesAt(times, doc.timeline.t, column(doc)))];
}

/** A series a run; `summary` is its whole run's figure, for the legend. */
function seriesOf(docs: RunDoc[], names: string[], summary: (doc: RunDoc) => string): ChartSeries[] {
  return docs.map((doc, i) => ({
    label: names[i] ?? runTitle(doc.run),
    colour: i,
    dash: i > 0 && docs.length === 2,
    summary: summary(doc),
  }));
}

export function OverlayCharts(props: {
  docs: RunDoc[];
  names: string[]; // in legends
  endpoint: Tags | null; // null: all requests
  onEndpoint: (tags: Tags | null) => void;
}) {
  const { docs, names, endpoint } = props;
  const [stat, setStat] = useState<(typeof STATS)[number]>("p95");
  const group = useMemo(() => new ChartGroup(), []);
  const times = useMemo(() => commonTimes(docs.map((d) => d.timeline.t)), [docs]);
  const endpoints = useMemo(() => endpointsOf(docs), [docs]);
  const tags = endpoint ?? {};
  const version = useMemo(() => ({}), [docs, endpoint, stat]);
  const key = (t: Tags | null) => (t ? JSON.stringify([t["name"], t["method"]]) : "");

  return (
    <>
      <div class="filters">
        <label class="inline-field grow">
          <span>Charts of</span>
          <select
            class="input"
            value={key(endpoint)}
            onChange={(e) => props.onEndpoint(endpoints.find((t) => key(t) === e.currentTarget.value) ?? null)}
          >
            <option value="">All requests</option>
            {endpoints.map((t) => (
              <option key={key(t)} value={key(t)}>
                {endpointName(t)}
              </option>
            ))}
          </select>
        </label>
        <label class="inline-field">
          <span>Latency as</span>
          <select class="input" value={stat} onChange={(e) => setStat(e.currentTarget.value as typeof stat)}>
            {STATS.map((s) => (
              <option key={s} value={s}>
                {s}
              </option>
            ))}
          </select>
        </label>
      </div>
      <div class="grid">
        <Chart
          title={`Latency, ${stat}`}
          series={seriesOf(docs, names, (d) => formatMs(totalOf(d, LATENCY, stat, tags)))}
          data={() => overlay(docs, times, (d) => pointsOf(d, LATENCY, stat, tags))}
          version={version}
          format={formatMs}
          group={group}
          height={220}
        />
        <Chart
          title="Requests a second"
          series={seriesOf(docs, names, (d) => formatRate(overSpan(totalOf(d, "http_reqs", "sum", tags), d.run.duration_s)))}
          data={() => overlay(docs, times, (d) => perStepSecond(d.timeline.t, pointsOf(d, "http_reqs", "sum", tags)))}
          version={version}
          format={formatRate}
          group={group}
          height={220}
        />
        <Chart
          title="Failed requests"
          series={seriesOf(docs, names, (d) => formatShare(overSpan(totalOf(d, FAILED, "trues", tags), totalOf(d, FAILED, "total", tags))))}
          data={() => overlay(docs, times, (d) => shareOf(pointsOf(d, FAILED, "trues", tags), pointsOf(d, FAILED, "total", tags)))}
          version={version}
          format={formatShare}
          group={group}
          height={220}
          top={0.01}
        />
        <Chart
          title="Active users"
          series={seriesOf(docs, names, (d) => `${formatCount(totalOf(d, "vus", "max"))} at most`)}
          data={() => overlay(docs, times, (d) => pointsOf(d, "vus", "last"))}
          version={version}
          format={formatCount}
          group={group}
          height={220}
        />
      </div>
    </>
  );
}

function overSpan(amount: number | null, span: number | null): number | null {
  return amount === null || !span ? null : amount / span;
}

/** The share of requests by time, and up to each time: x is a bucket's number, which makes it a logarithmic axis. */
export function DistributionCharts(props: { docs: RunDoc[]; names: string[] }) {
  const { docs, names } = props;
  const spread = docs.map((d) => distributionOf(d, LATENCY));
  const known = spread.filter((d) => d !== null);
  const buckets = commonBuckets(known);
  const group = useMemo(() => new ChartGroup(), []);
  const chart = (of: (d: Distribution, bucket: number) => number): ChartData => [
    buckets,
    ...spread.map((d) => buckets.map((b) => (d ? of(d, b) : null))),
  ];
  const series = seriesOf(docs, names, () => "");
  const upTo: Format = (b) => (b === null || b === undefined ? "" : `≤ ${formatMs(bucketEnd(b))}`);

  if (known.length === 0) return <p class="muted">No requests were measured.</p>;
  return (
    <div class="grid">
      <Chart
        title="Share of requests by time"
        note={<span class="muted">all requests, logarithmic</span>}
        series={series.map((line) => ({ ...line, kind: "step" }))}
        data={() => chart(shareIn)}
        version={docs}
        format={formatShare}
        xFormat={upTo}
        group={group}
        height={200}
      />
      <Chart
        title="Share that was answered by then"
        note={<span class="muted">cumulative</span>}
        series={series}
        data={() => chart(shareUpTo)}
        version={docs}
        format={formatShare}
        xFormat={upTo}
        group={group}
        height={200}
        fixedTop={1}
      />
    </div>
  );
}
