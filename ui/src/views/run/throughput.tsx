// What was sent, against what was to be, and by how many users.
import { Section } from "../../components/bits";
import { Chart, type ChartData, type ChartSeries } from "../../components/chart";
import { column, count, latest, perSecondOf, total, type Points } from "../../lib/derive";
import { formatBytes, formatCount, formatNumber, formatRate, perSecond } from "../../lib/format";
import { targetRate } from "../../lib/plan";
import type { RunModel } from "../../lib/run_model";
import { elapsed } from "../../lib/derive";
import type { RunProps } from "./context";

type Line = ChartSeries & { values: (m: RunModel) => Points };

/** Which iterations are due: those of scenarios with an arrival rate, named where there are others too. */
function dueLabel(model: RunModel): string {
  const arrivals = model.run.scenarios.filter((s) => s.executor.endsWith("arrival-rate"));
  if (arrivals.length === 0 || arrivals.length === model.run.scenarios.length) return "Iterations, target";
  return `Target of ${arrivals.map((s) => s.name).join(", ")}`;
}

function mainLines(model: RunModel): Line[] {
  const target = targetRate(model.run, model.events, model.times());
  const seconds = elapsed(model) || 1;
  const lines: Line[] = [];
  const rate = (metric: string, label: string, colour: number) => {
    const s = model.whole(metric);
    if (s) lines.push({ label, colour, kind: "line", summary: formatRate(count(s) / seconds), values: (m) => perSecondOf(m, m.whole(metric)) });
  };

  rate("http_reqs", "Requests", 0);
  rate("iterations", "Iterations", 2);
  if (target) lines.push({ label: dueLabel(model), colour: 7, dash: true, values: (m) => targetRate(m.run, m.events, m.times()) ?? [] });
  lines.push({
    label: "Active VUs",
    colour: 1,
    axis: "right",
    kind: "step",
    format: formatCount,
    summary: formatCount(latest(model, model.whole("vus"), "last")),
    values: (m) => column(m, m.whole("vus"), "last"),
  });
  return lines;
}

function Traffic(props: RunProps) {
  const { model } = props;
  const lines = [
    ["data_received", "Received"],
    ["data_sent", "Sent"],
  ] as const;

  return (
    <Chart
      title="Traffic"
      series={lines.map(([metric, label]) => ({ label, summary: formatBytes(total(model.whole(metric), "sum")) }))}
      data={() => [model.times(), ...lines.map(([metric]) => perSecondOf(model, model.whole(metric)))] as ChartData}
      version={props.version}
      format={perSecond(formatBytes)}
      group={props.group}
      height={140}
    />
  );
}

function Dropped(props: RunProps) {
  const { model } = props;
  const s = model.whole("dropped_iterations");

  return (
    <Chart
      title="Dropped iterations"
      note={<span class="muted note">due, and never started: no user was free</span>}
      series={[{ label: "Dropped", colour: 3, kind: "area", summary: formatCount(total(s, "sum") ?? 0) }]}
      data={() => [model.times(), perSecondOf(model, s)] as ChartData}
      version={props.version}
      format={formatRate}
      group={props.group}
      marks={props.marks}
      height={140}
      top={1}
    />
  );
}

export function Throughput(props: RunProps) {
  const { model } = props;
  const lines = mainLines(model);

  return (
    <Section id="throughput" title="Throughput">
      <div class="grid">
        <div class="wide">
          <Chart
            title="Requests and iterations a second"
            series={lines}
            data={() => [model.times(), ...lines.map((l) => l.values(model))] as ChartData}
            version={props.version}
            format={formatNumber}
            rightFormat={formatNumber}
            group={props.group}
            marks={props.marks}
            height={240}
          />
        </div>
        <Traffic {...props} />
        <Dropped {...props} />
      </div>
    </Section>
  );
}
