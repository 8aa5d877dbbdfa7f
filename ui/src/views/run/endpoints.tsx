// Per endpoint (a task, in other tools' words): one row each, and charts of those that are selected.
import { useMemo, useState } from "preact/hooks";
import { Section } from "../../components/bits";
import { Chart, type ChartData } from "../../components/chart";
import { Sparkline } from "../../components/sparkline";
import { Table, type Column } from "../../components/table";
import { column, count, elapsed, mean, perSecondOf, ratio, shareOf, thin, total, type Points } from "../../lib/derive";
import { formatBytes, formatCount, formatMs, formatRate, formatShare, type Format } from "../../lib/format";
import type { RunModel, Series } from "../../lib/run_model";
import type { RunProps } from "./context";

interface Endpoint {
  key: string;
  name: string;
  method: string;
  n: number;
  rate: number;
  failed: number | null;
  mean: number | null;
  p50: number | null;
  p95: number | null;
  p99: number | null;
  max: number | null;
  bytes: number | null;
  duration: Series | undefined;
  failures: Series | undefined;
  requests: Series | undefined;
}

const METRICS = ["http_req_duration", "http_req_failed", "http_reqs", "http_req_data_received", "http_req_data_sent"] as const;

function tagKey(s: Series): string {
  return JSON.stringify([s.tags["name"] ?? "", s.tags["method"] ?? ""]);
}

/** "https://host" where all names begin with it: it says nothing then, and is long. */
export function commonOrigin(names: string[]): string {
  const origin = /^[a-z]+:\/\/[^/?#]+(?=\/)/.exec(names[0] ?? "")?.[0] ?? "";
  return names.length > 1 && names.every((n) => n.startsWith(`${origin}/`)) ? origin : "";
}

function endpointsOf(m: RunModel): Endpoint[] {
  const found = new Map<string, Partial<Record<(typeof METRICS)[number], Series>>>();
  const seconds = elapsed(m) || 1;

  for (const metric of METRICS)
    for (const s of m.all(metric, "endpoint")) {
      const key = tagKey(s);
      const parts = found.get(key) ?? {};
      parts[metric] = s;
      found.set(key, parts);
    }
  return [...found].map(([key, p]) => {
    const d = p.http_req_duration;
    const any = (d ?? p.http_reqs ?? p.http_req_failed ?? p.http_req_data_received ?? p.http_req_data_sent) as Series;
    const n = p.http_reqs ? count(p.http_reqs) : count(d);
    const bytes = (total(p.http_req_data_received, "sum") ?? 0) + (total(p.http_req_data_sent, "sum") ?? 0);
    return {
      key,
      name: any.tags["overflow"] ? "all others" : (any.tags["name"] ?? ""),
      method: any.tags["method"] ?? "",
      n,
      rate: n / seconds,
      failed: ratio(total(p.http_req_failed, "trues"), total(p.http_req_failed, "total")),
      mean: mean(d),
      p50: total(d, "p50"),
      p95: total(d, "p95"),
      p99: total(d, "p99"),
      max: total(d, "max"),
      bytes: p.http_req_data_received || p.http_req_data_sent ? bytes : null,
      duration: d,
      failures: p.http_req_failed,
      requests: p.http_reqs,
    };
  });
}

const time = (key: "mean" | "p50" | "p95" | "p99" | "max", title: string): Column<Endpoint> => ({
  key,
  title,
  value: (e) => e[key],
  render: (e) => formatMs(e[key]),
  descending: true,
  width: 84,
});

function columnsOf(m: RunModel, origin: string): Column<Endpoint>[] {
  return [
    { key: "name", title: "Endpoint", value: (e) => e.name, render: (e) => <><span class="method">{e.method}</span>{e.name.slice(origin.length) || "/"}</> },
    { key: "n", title: "Requests", value: (e) => e.n, render: (e) => formatCount(e.n), descending: true, width: 92 },
    { key: "rate", title: "Req/s", value: (e) => e.rate, render: (e) => formatRate(e.rate), descending: true, width: 84 },
    {
      key: "failed",
      title: "Failed",
      value: (e) => e.failed,
      render: (e) => <span class={e.failed ? "cell-bad" : "cell-dim"}>{formatShare(e.failed)}</span>,
      descending: true,
      width: 80,
    },
    time("mean", "Mean"),
    time("p50", "p50"),
    time("p95", "p95"),
    time("p99", "p99"),
    time("max", "Max"),
    { key: "bytes", title: "Bytes", help: "sent and received", value: (e) => e.bytes, render: (e) => formatBytes(e.bytes), descending: true, width: 88 },
    {
      key: "spark",
      title: "p95 over time",
      value: () => null,
      sortable: false,
      align: "left",
      width: 128,
      render: (e) => <Sparkline values={thin(column(m, e.duration, "p95"), 52)} width={104} label={`p95 over time: now ${formatMs(e.p95)}`} />,
    },
  ];
}

const MOST = 8;
const AT_FIRST = 5;

function SelectedCharts(props: RunProps & { chosen: Endpoint[]; origin: string }) {
  const { model, chosen } = props;
  const chart = (title: string, format: Format, values: (e: Endpoint) => Points, whole: (e: Endpoint) => string, top = 0) => (
    <Chart
      title={title}
      series={chosen.map((e) => ({ label: `${e.method} ${e.name.slice(props.origin.length)}`.trim(), summary: whole(e) }))}
      data={() => [model.times(), ...chosen.map(values)] as ChartData}
      version={`${props.version} ${chosen.map((e) => e.key).join()}`}
      format={format}
      group={props.group}
      marks={props.marks}
      height={180}
      top={top}
    />
  );

  return (
    <div class="grid grid-3">
      {chart("p95 by endpoint", formatMs, (e) => column(model, e.duration, "p95"), (e) => formatMs(e.p95))}
      {chart("p50 by endpoint", formatMs, (e) => column(model, e.duration, "p50"), (e) => formatMs(e.p50))}
      {chart("Error rate by endpoint", formatShare, (e) => shareOf(model, e.failures), (e) => formatShare(e.failed), 0.01)}
      {chart("p99 by endpoint", formatMs, (e) => column(model, e.duration, "p99"), (e) => formatMs(e.p99))}
      {chart("Requests a second by endpoint", formatRate, (e) => perSecondOf(model, e.requests ?? e.duration), (e) => formatRate(e.rate))}
      {chart("Maximum by endpoint", formatMs, (e) => column(model, e.duration, "max"), (e) => formatMs(e.max))}
    </div>
  );
}

export function Endpoints(props: RunProps) {
  const { model } = props;
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const rows = useMemo(() => endpointsOf(model), [props.version]);
  const origin = commonOrigin(rows.map((e) => e.name));
  const columns = useMemo(() => columnsOf(model, origin), [model, props.version, origin]);
  const picked = rows.filter((e) => selected.has(e.key)).slice(0, MOST);
  const chosen = picked.length > 0 ? picked : [...rows].sort((a, b) => b.n - a.n).slice(0, AT_FIRST);
  const select = (key: string, on: boolean) => {
    const next = new Set(selected);
    if (on) next.add(key);
    else next.delete(key);
    setSelected(next);
  };

  return (
    <Section id="endpoints" title="Endpoints" note={rows.length > 0 ? `${origin ? `All of ${origin}. ` : ""}Select rows to chart them; without a choice, the most requested are shown.` : undefined}>
      <div class="stack">
        <div class="card">
          <Table
            label="Endpoints"
            rows={rows}
            columns={columns}
            rowKey={(e) => e.key}
            sort={{ key: "n", descending: true }}
            filter={(e) => `${e.method} ${e.name}`}
            filterHint="Filter endpoints ( / )"
            tools={selected.size > 0 && <button type="button" class="button" onClick={() => setSelected(new Set())}>{selected.size} selected{selected.size > MOST ? `, ${MOST} charted` : ""} ✕</button>}
            rowTone={(e) => ((e.failed ?? 0) >= 0.05 ? "bad" : undefined)}
            selected={selected}
            onSelect={select}
            empty="No endpoint has been requested yet."
            maxHeight={480}
          />
        </div>
        {chosen.length > 0 && <SelectedCharts {...props} chosen={chosen} origin={origin} />}
      </div>
    </Section>
  );
}
