// The script's own metrics, the generator's, and how the outputs fare.
import { Badge, Section } from "../../components/bits";
import { Table, type Column } from "../../components/table";
import type { OutputAccount } from "../../lib/doc";
import { formatCount } from "../../lib/format";
import type { RunModel } from "../../lib/run_model";
import { AutoChart } from "./auto_chart";
import type { RunProps } from "./context";

/** Built-in metrics of protocols that have no section of their own. */
const PROTOCOLS = /^(ws_|grpc_|browser_|tcp_|dns_)/;

function present(m: RunModel): string[] {
  return [...new Set([...m.metricsBy(""), ...m.metricsBy("series")])];
}

export function customMetrics(m: RunModel): string[] {
  return present(m).filter((name) => !m.info(name).builtin || PROTOCOLS.test(name)).sort((a, b) => a.localeCompare(b));
}

export function Custom(props: RunProps) {
  const names = customMetrics(props.model);

  if (names.length === 0) return null;
  return (
    <Section id="custom" title="Metrics of the script">
      <div class="grid grid-3">
        {names.map((name) => (
          <AutoChart key={name} {...props} metric={name} />
        ))}
      </div>
    </Section>
  );
}

const GENERATOR: [string, string][] = [
  ["generator_busy", "Busy, by loop"],
  ["generator_cpu", "On a processor, by loop"],
  ["generator_loop_lag", "Lag of the loop"],
  ["iteration_lag", "Late starts of iterations"],
  ["generator_late_starts", "Share of late starts"],
  ["generator_turn_time", "Length of the loop's turns"],
  ["generator_script_time", "In the script"],
  ["generator_gc_time", "Garbage collection"],
  ["generator_run_queue_wait", "Waiting for a processor"],
  ["generator_unread_time", "Answers unread"],
  ["generator_steal", "Stolen by the host"],
  ["generator_throttled", "Throttled"],
  ["generator_memory", "Memory"],
  ["generator_descriptors", "Open files and sockets"],
  ["generator_sockets", "TCP sockets of the machine"],
];

export function Generator(props: RunProps) {
  const there = new Set(present(props.model));
  const charts = GENERATOR.filter(([metric]) => there.has(metric));

  if (charts.length === 0) return null;
  return (
    <Section id="generator" title="Generator" note="What brunt measured on itself: whether the numbers above can be trusted.">
      <div class="grid grid-3">
        {charts.map(([metric, title]) => (
          <AutoChart key={metric} {...props} metric={metric} title={title} height={120} />
        ))}
      </div>
    </Section>
  );
}

interface Output extends OutputAccount {
  name: string;
}

function stateOf(o: Output): { tone: "good" | "warn" | "bad"; text: string } {
  if (o.dropped > 0) return { tone: "bad", text: "points lost" };
  if (o.error) return { tone: "warn", text: "retrying" };
  if (o.spooled > 0) return { tone: "warn", text: "on disk" };
  return { tone: "good", text: "healthy" };
}

const number = (key: "produced" | "acknowledged" | "spooled" | "dropped", title: string, help: string): Column<Output> => ({
  key,
  title,
  help,
  width: 120,
  descending: true,
  value: (o) => o[key],
  render: (o) => <span class={key === "dropped" && o.dropped > 0 ? "cell-bad" : undefined}>{formatCount(o[key])}</span>,
});

const COLUMNS: Column<Output>[] = [
  { key: "name", title: "Output", value: (o) => o.name },
  { key: "state", title: "State", align: "left", width: 120, value: (o) => stateOf(o).text, render: (o) => <Badge tone={stateOf(o).tone}>{stateOf(o).text}</Badge> },
  number("produced", "Produced", "points that it was given"),
  number("acknowledged", "Acknowledged", "points that its receiver has"),
  number("spooled", "Spooled", "points that wait on disk"),
  number("dropped", "Dropped", "points that are lost"),
  { key: "backlog", title: "Waiting", width: 100, value: (o) => o.backlog ?? null, render: (o) => formatCount(o.backlog) },
  { key: "error", title: "Last error", align: "left", width: 320, value: (o) => o.error ?? null, render: (o) => <span title={o.error}>{o.error ?? "–"}</span> },
];

export function Outputs(props: RunProps) {
  const { model } = props;
  const rows = Object.entries(model.run.outputs).map(([name, account]) => ({ name, ...account }));

  if (rows.length === 0) return null;
  return (
    <Section id="outputs" title="Outputs" note="Produced = acknowledged + spooled + dropped, to the point.">
      <div class="stack">
        <div class="card">
          <Table label="Outputs" rows={rows} columns={COLUMNS} rowKey={(o) => o.name} rowTone={(o) => (o.dropped > 0 ? "bad" : undefined)} />
        </div>
      </div>
    </Section>
  );
}
