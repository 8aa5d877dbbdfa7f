// What failed: how much, with what, where; and the exchanges that were kept of it.
import { useState } from "preact/hooks";
import { Section, Tabs } from "../../components/bits";
import { Chart, type ChartData } from "../../components/chart";
import { Table, type Column } from "../../components/table";
import { count, cumulative, ratio, shareOf, total } from "../../lib/derive";
import type { ExchangeInfo } from "../../lib/doc";
import { formatClock, formatCount, formatMs, formatNumber, formatShare } from "../../lib/format";
import type { RunModel, Series } from "../../lib/run_model";
import type { RunProps } from "./context";
import { ExchangeDialog } from "./exchange";

type Kind = "error" | "endpoint" | "status" | "kept";

interface Failure {
  key: string;
  name: string;
  detail: string;
  n: number;
  share: number | null; // of all of its requests
  kept: ExchangeInfo[];
}

/** Entries of the requests by a dimension, from whichever metric has it. */
function entries(m: RunModel, by: "error" | "status"): readonly Series[] {
  for (const metric of ["http_reqs", "http_req_failed", "http_req_duration"]) {
    const list = m.all(metric, by);
    if (list.length > 0) return list;
  }
  return [];
}

/** k6's codes from 1400 to 1599 are statuses; others are left as they are. */
function errorName(code: string): string {
  const n = Number(code);
  return n >= 1400 && n < 1600 ? `status ${n - 1000}` : code;
}

function byError(m: RunModel): Failure[] {
  const all = count(m.whole("http_reqs"));

  return entries(m, "error")
    .map((s) => {
      const code = s.tags["error_code"] ?? "";
      const error = s.tags["error"] ?? "";
      return { key: s.key, name: error || errorName(code), detail: code, n: count(s), share: ratio(count(s), all), kept: m.exchanges.filter((x) => x.kind === "failed" && x.error_code === code && (!error || x.error === error)) };
    })
    .filter((f) => (f.name || f.detail) !== "" && f.n > 0);
}

function byEndpoint(m: RunModel): Failure[] {
  return m
    .all("http_req_failed", "endpoint")
    .map((s) => ({
      key: s.key,
      name: s.tags["name"] ?? "",
      detail: s.tags["method"] ?? "",
      n: total(s, "trues") ?? 0,
      share: ratio(total(s, "trues"), total(s, "total")),
      kept: m.exchanges.filter((x) => x.kind === "failed" && x.name === s.tags["name"] && x.method === s.tags["method"]),
    }))
    .filter((f) => f.n > 0);
}

function byStatus(m: RunModel): Failure[] {
  const all = count(m.whole("http_reqs"));

  return entries(m, "status")
    .map((s) => {
      const status = s.tags["status"] ?? "";
      const code = Number(status);
      return { key: s.key, name: code === 0 ? "no answer" : status, detail: status, n: count(s), share: ratio(count(s), all), kept: m.exchanges.filter((x) => x.kind === "failed" && x.status === code), bad: code === 0 || code >= 400 };
    })
    .filter((f) => f.bad && f.n > 0);
}

const failureColumns = (what: string, detail: string): Column<Failure>[] => [
  { key: "name", title: what, value: (f) => f.name, render: (f) => (detail === "Method" ? <><span class="method">{f.detail}</span>{f.name}</> : f.name) },
  ...(detail === "Code" ? [{ key: "detail", title: "Code", value: (f: Failure) => f.detail, width: 80 }] : []),
  { key: "n", title: "Failed", value: (f) => f.n, render: (f) => formatCount(f.n), descending: true, width: 100 },
  { key: "share", title: "Share", help: "of the requests", value: (f) => f.share, render: (f) => formatShare(f.share), descending: true, width: 100 },
  { key: "kept", title: "Kept", help: "exchanges that were kept: open the row", value: (f) => f.kept.length, render: (f) => (f.kept.length > 0 ? <span class="link-like">{f.kept.length}</span> : "–"), descending: true, width: 72 },
];

const exchangeColumns: Column<ExchangeInfo>[] = [
  { key: "name", title: "Request", value: (x) => x.name, render: (x) => <><span class="method">{x.method}</span>{x.url}</> },
  { key: "kind", title: "Kept as", value: (x) => x.kind, width: 84, align: "left" },
  { key: "status", title: "Status", value: (x) => x.status, render: (x) => x.status || "–", width: 72 },
  { key: "error", title: "Error", value: (x) => x.error, width: 200, align: "left" },
  { key: "t", title: "At", value: (x) => x.t, render: (x) => formatClock(x.t, true), width: 80 },
  { key: "duration", title: "Took", value: (x) => x.duration_ms, render: (x) => formatMs(x.duration_ms), descending: true, width: 96 },
];

function Tables(props: RunProps) {
  const { model } = props;
  const [kind, setKind] = useState<Kind>("error");
  const [only, setOnly] = useState<{ name: string; list: ExchangeInfo[] } | null>(null);
  const [open, setOpen] = useState<ExchangeInfo | null>(null);
  const lists = { error: byError(model), endpoint: byEndpoint(model), status: byStatus(model) };
  const kept = only ? only.list : model.exchanges;
  const titles: Record<Exclude<Kind, "kept">, [string, string]> = { error: ["Error", "Code"], endpoint: ["Endpoint", "Method"], status: ["Status", ""] };
  const show = (f: Failure) => {
    if (f.kept.length === 0) return;
    if (f.kept.length === 1) return setOpen(f.kept[0] as ExchangeInfo);
    setOnly({ name: f.name, list: f.kept });
    setKind("kept");
  };

  return (
    <div class="card wide">
      <Tabs
        label="Errors"
        tabs={[
          { key: "error", title: "By error", count: lists.error.length },
          { key: "endpoint", title: "By endpoint", count: lists.endpoint.length },
          { key: "status", title: "By status", count: lists.status.length },
          { key: "kept", title: "Kept exchanges", count: model.exchanges.length },
        ]}
        value={kind}
        onChange={(k) => (setKind(k), setOnly(null))}
      />
      {kind === "kept" ? (
        <Table
          key="kept"
          label="Kept exchanges"
          rows={kept}
          columns={exchangeColumns}
          rowKey={(x) => String(x.key)}
          filter={(x) => `${x.method} ${x.url} ${x.name} ${x.error} ${x.status} ${x.kind}`}
          filterHint="Filter exchanges"
          tools={only && <button type="button" class="button" onClick={() => setOnly(null)}>Only “{only.name}” ✕</button>}
          empty={model.run.state === "running" ? "Exchanges are written when the test has ended." : "No exchange was kept."}
          maxHeight={360}
          onOpen={setOpen}
        />
      ) : (
        <Table
          key={kind}
          label={`Errors by ${kind}`}
          rows={lists[kind]}
          columns={failureColumns(...titles[kind])}
          rowKey={(f) => f.key}
          sort={{ key: "n", descending: true }}
          empty="No errors."
          maxHeight={360}
          onOpen={show}
        />
      )}
      {open && <ExchangeDialog run={model.run.id} info={open} onClose={() => setOpen(null)} />}
    </div>
  );
}

export function Errors(props: RunProps) {
  const { model } = props;
  const failed = model.whole("http_req_failed");
  const n = total(failed, "trues") ?? 0;

  return (
    <Section id="errors" title="Errors">
      <div class="grid">
        <Chart
          title="Error rate"
          series={[{ label: "Failed requests", colour: 3, kind: "area", summary: formatShare(ratio(n, total(failed, "total"))) }]}
          data={() => [model.times(), shareOf(model, failed)] as ChartData}
          version={props.version}
          format={formatShare}
          group={props.group}
          marks={props.marks}
          limits={model.run.thresholds.filter((t) => t.metric === "http_req_failed" && t.stat === "rate").map((t) => ({ value: t.limit, label: t.source }))}
          height={160}
          top={0.01}
        />
        <Chart
          title="Requests and errors so far"
          series={[
            { label: "Requests", colour: 0, summary: formatCount(count(model.whole("http_reqs"))) },
            { label: "Errors", colour: 3, axis: "right", summary: formatCount(n) },
          ]}
          data={() => [model.times(), cumulative(model, model.whole("http_reqs"), "sum"), cumulative(model, failed, "trues")] as ChartData}
          version={props.version}
          format={formatNumber}
          rightFormat={formatNumber}
          group={props.group}
          height={160}
        />
        <Tables {...props} />
      </div>
    </Section>
  );
}
