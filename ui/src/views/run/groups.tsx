// The same figures by scenario and by group of the script.
import { useState } from "preact/hooks";
import { Section, Tabs } from "../../components/bits";
import { Table, type Column } from "../../components/table";
import { count, elapsed, ratio, total } from "../../lib/derive";
import { formatCount, formatMs, formatRate, formatShare } from "../../lib/format";
import type { RunModel, Series } from "../../lib/run_model";
import type { RunProps } from "./context";

type Kind = "scenario" | "group";

interface Row {
  name: string;
  entries: Record<string, Series>;
}

function rowsOf(m: RunModel, kind: Kind): Row[] {
  const rows = new Map<string, Row>();

  for (const metric of m.metricsBy(kind))
    for (const s of m.all(metric, kind)) {
      const name = s.tags[kind] ?? "";
      const row = rows.get(name) ?? { name, entries: {} };
      row.entries[metric] = s;
      rows.set(name, row);
    }
  return [...rows.values()];
}

/** Columns only for what there is: a script without groups() has no group_duration. */
function columnsOf(m: RunModel, kind: Kind): Column<Row>[] {
  const seconds = elapsed(m) || 1;
  const has = new Set(m.metricsBy(kind));
  const columns: Column<Row>[] = [{ key: "name", title: kind === "group" ? "Group" : "Scenario", value: (r) => (kind === "group" ? r.name.replace(/^::/, "").replace(/::/g, " › ") || "outside of groups" : r.name) }];
  const add = (metric: string, key: string, title: string, value: (s: Series | undefined) => number | null, format: (v: number | null) => string, width = 96) => {
    if (!has.has(metric)) return;
    const of = (r: Row) => value(r.entries[metric]);
    columns.push({ key, title, value: of, render: (r) => format(of(r)), descending: true, width });
  };
  const p = (name: string) => (s: Series | undefined) => total(s, name);

  add("iterations", "iterations", "Iterations", count, formatCount);
  add("iterations", "rate", "Iter/s", (s) => count(s) / seconds, formatRate);
  add("iteration_duration", "iteration50", "Iter. p50", p("p50"), formatMs);
  add("iteration_duration", "iteration95", "Iter. p95", p("p95"), formatMs);
  add("group_duration", "group_n", "Calls", count, formatCount);
  add("group_duration", "group50", "Call p50", p("p50"), formatMs);
  add("group_duration", "group95", "Call p95", p("p95"), formatMs);
  add("http_reqs", "requests", "Requests", count, formatCount);
  add("http_req_failed", "failed", "Failed", (s) => ratio(total(s, "trues"), total(s, "total")), formatShare);
  add("http_req_duration", "p50", "Req. p50", p("p50"), formatMs);
  add("http_req_duration", "p95", "Req. p95", p("p95"), formatMs);
  add("http_req_duration", "p99", "Req. p99", p("p99"), formatMs);
  add("http_req_response_time", "response95", "Resp. p95", p("p95"), formatMs);
  add("checks", "checks", "Checks", (s) => ratio(total(s, "trues"), total(s, "total")), formatShare);
  return columns;
}

export function Groups(props: RunProps) {
  const { model } = props;
  const [chosen, choose] = useState<Kind>("scenario");
  const rows = { scenario: rowsOf(model, "scenario"), group: rowsOf(model, "group") };
  const kinds = (["scenario", "group"] as const).filter((k) => rows[k].length > 0);
  const kind = kinds.includes(chosen) ? chosen : kinds[0];

  if (!kind) return null;
  return (
    <Section id="groups" title="Scenarios and groups">
      <div class="card">
        <Tabs label="By" tabs={kinds.map((k) => ({ key: k, title: k === "scenario" ? "Scenarios" : "Groups", count: rows[k].length }))} value={kind} onChange={choose} />
        <Table key={kind} label={kind === "scenario" ? "Scenarios" : "Groups"} rows={rows[kind]} columns={columnsOf(model, kind)} rowKey={(r) => r.name} maxHeight={360} />
      </div>
    </Section>
  );
}
