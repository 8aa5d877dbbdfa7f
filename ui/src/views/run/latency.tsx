// How long things took: percentiles of service and response time, the heat map, where the time went.
import { useState } from "preact/hooks";
import { Empty, Section, Tabs } from "../../components/bits";
import { Chart, type ChartData, type ChartLimit } from "../../components/chart";
import { HeatMap } from "../../components/heatmap";
import { column, count, meanOf, total } from "../../lib/derive";
import { formatMs } from "../../lib/format";
import type { RunModel } from "../../lib/run_model";
import type { RunProps } from "./context";

const LINES = [
  { label: "p50", column: "p50", colour: 0 },
  { label: "p95", column: "p95", colour: 1 },
  { label: "p99", column: "p99", colour: 3 },
  { label: "max", column: "max", colour: 7, dash: true, hidden: true },
] as const;

function limitsOf(m: RunModel, metric: string): ChartLimit[] {
  return m.run.thresholds
    .filter((t) => t.metric === metric && /^(p\(|med|avg)/.test(t.stat) && t.op.startsWith("<"))
    .map((t) => ({ value: t.limit, label: t.source }));
}

export function Percentiles(props: RunProps & { metric: string; title: string; height?: number }) {
  const { model, metric } = props;
  const s = model.whole(metric);

  return (
    <Chart
      title={props.title}
      note={<span class="muted mono note">{metric}</span>}
      series={LINES.map((l) => ({ ...l, summary: formatMs(total(s, l.column)) }))}
      data={() => [model.times(), ...LINES.map((l) => column(model, s, l.column))] as ChartData}
      version={props.version}
      format={formatMs}
      group={props.group}
      marks={props.marks}
      limits={limitsOf(model, metric)}
      height={props.height ?? 220}
    />
  );
}

const PHASES = [
  ["http_req_blocked", "blocked"],
  ["http_req_connecting", "connecting"],
  ["http_req_tls_handshaking", "TLS"],
  ["http_req_sending", "sending"],
  ["http_req_waiting", "waiting"],
  ["http_req_receiving", "receiving"],
] as const;

function phasesOf(m: RunModel): readonly (readonly [string, string])[] {
  const phases = PHASES.filter(([metric]) => (total(m.whole(metric), "sum") ?? 0) > 0);
  return phases.length > 1 ? phases : [];
}

function Phases(props: RunProps) {
  const { model } = props;
  const phases = phasesOf(model);
  if (phases.length === 0) return null;

  return (
    <Chart
      title="Where the time goes"
      note={<span class="muted note">means of a request's phases</span>}
      series={phases.map(([, label]) => ({ label }))}
      data={() => [model.times(), ...phases.map(([metric]) => meanOf(model, model.whole(metric)))] as ChartData}
      version={props.version}
      format={formatMs}
      group={props.group}
      stacked
    />
  );
}

const TITLES: Record<string, string> = {
  http_req_duration: "Service time",
  http_req_response_time: "Response time",
  iteration_duration: "Iteration time",
  iteration_response_time: "Iteration response time",
};

function Heat(props: RunProps) {
  const { model } = props;
  const metrics = Object.keys(TITLES).filter((m) => model.heat(m).length > 0);
  const [chosen, choose] = useState("");
  const metric = metrics.includes(chosen) ? chosen : metrics[0];
  if (!metric) return null;

  return (
    <div class="wide">
      <HeatMap
        title="Distribution"
        note={
          metrics.length > 1 ? (
            <Tabs label="Distribution of" tabs={metrics.map((m) => ({ key: m, title: TITLES[m] ?? m }))} value={metric} onChange={choose} />
          ) : (
            <span class="muted mono note">{metric}</span>
          )
        }
        times={() => model.times()}
        rows={() => model.heat(metric)}
        version={`${props.version} ${metric}`}
        group={props.group}
        height={240}
      />
    </div>
  );
}

export function Latency(props: RunProps) {
  const { model } = props;
  const has = (metric: string) => count(model.whole(metric)) > 0;
  const response = has("http_req_response_time");
  const iterations = has("iteration_response_time");
  const both = response || iterations;

  if (!has("http_req_duration") && !has("iteration_duration"))
    return (
      <Section id="latency" title="Latency">
        <div class="card">
          <Empty title="Nothing has been timed yet" height={200} />
        </div>
      </Section>
    );
  return (
    <Section
      id="latency"
      title="Latency"
      note={
        both
          ? "Service time begins when a request is sent. Response time begins when it was due, so it has the waiting that a slow system causes: a user feels the response time."
          : "Service time: from sending a request to the end of its response."
      }
    >
      <div class="grid">
        {has("http_req_duration") && <Percentiles {...props} metric="http_req_duration" title="Service time" />}
        {response && <Percentiles {...props} metric="http_req_response_time" title="Response time" />}
        {!response && iterations && <Percentiles {...props} metric="iteration_response_time" title="Response time of iterations" />}
        {!both && has("iteration_duration") && <Percentiles {...props} metric="iteration_duration" title="Iterations" />}
        <Heat {...props} />
        {both && has("iteration_duration") && (
          <div class={phasesOf(model).length > 0 ? "" : "wide"}>
            <Percentiles {...props} metric="iteration_duration" title="Iterations" height={200} />
          </div>
        )}
        <Phases {...props} />
      </div>
    </Section>
  );
}
