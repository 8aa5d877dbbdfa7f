// What was asked of the run and whether it held: thresholds, checks, status codes.
import { Badge, Meter, Section, type Tone } from "../../components/bits";
import { Chart, type ChartData } from "../../components/chart";
import { Sparkline } from "../../components/sparkline";
import { Table, type Column } from "../../components/table";
import { count, perSecondOf, ratio, shareOf, thin, total } from "../../lib/derive";
import type { Threshold } from "../../lib/doc";
import { formatCount, formatFor, formatNumber, formatRate, formatShare, formatSpan, NOTHING, type Format } from "../../lib/format";
import type { RunModel, Series } from "../../lib/run_model";
import { distance } from "../../lib/threshold";
import type { RunProps } from "./context";

const TONES: Record<Threshold["state"], Tone> = { passed: "good", failed: "bad", unjudged: "muted" };

/** How a threshold's value is written: by its metric, but counts and rates by themselves. */
function formatOf(m: RunModel, t: Threshold): Format {
  const name = t.metric.split("{")[0] ?? t.metric;
  const info = m.info(name);

  if (t.stat === "count") return formatNumber;
  if (t.stat === "rate" && info.type !== "rate") return formatRate;
  return formatFor(info.contains, info.type, name);
}

function thresholdColumns(m: RunModel): Column<Threshold>[] {
  return [
    { key: "metric", title: "Threshold", value: (t) => `${t.metric} ${t.source}`, render: (t) => <>{t.source} <span class="muted">{t.metric}</span></> },
    { key: "state", title: "State", align: "left", width: 110, value: (t) => ["failed", "unjudged", "passed"].indexOf(t.state), render: (t) => <Badge tone={TONES[t.state]}>{t.state}</Badge> },
    { key: "value", title: "Value", width: 96, sortable: false, value: (t) => t.value, render: (t) => formatOf(m, t)(t.value) },
    { key: "limit", title: "Limit", width: 104, sortable: false, value: (t) => t.limit, render: (t) => `${t.op} ${formatOf(m, t)(t.limit)}` },
    {
      key: "distance",
      title: "Distance to the limit",
      align: "left",
      width: 260,
      value: (t) => distance(t)?.room ?? null,
      render: (t) => {
        const d = distance(t);
        if (!d) return <span class="muted">{NOTHING}</span>;
        return (
          <span class="distance">
            <Meter share={d.fill} mark={d.mark} tone={t.state === "failed" ? "bad" : d.room < 0.1 ? "warn" : "good"} label={d.text} />
            <span class="num distance-text">{d.text}</span>
          </span>
        );
      },
    },
    {
      key: "note",
      title: "Note",
      align: "left",
      width: 190,
      sortable: false,
      value: (t) => [t.window_s ? `over the last ${formatSpan(t.window_s)}` : "", t.abort_on_fail ? "aborts the test" : "", t.text ?? ""].filter(Boolean).join(" · ") || null,
    },
  ];
}

export function Thresholds(props: RunProps) {
  const { model } = props;
  const list = model.run.thresholds;
  const failed = list.filter((t) => t.state === "failed").length;

  if (list.length === 0) return null;
  return (
    <Section id="thresholds" title="Thresholds" note={failed > 0 ? `${failed} of ${list.length} failed` : `${list.length}, none failed`}>
      <div class="card">
        <Table
          label="Thresholds"
          rows={list}
          columns={thresholdColumns(model)}
          rowKey={(t) => `${t.metric} ${t.source} ${t.window_s ?? ""}`}
          sort={{ key: "state", descending: false }}
          rowTone={(t) => (t.state === "failed" ? "bad" : undefined)}
          maxHeight={420}
        />
      </div>
    </Section>
  );
}

interface Check {
  key: string;
  name: string;
  group: string;
  passed: number;
  failed: number;
  rate: number | null;
  series: Series;
}

function checksOf(m: RunModel): Check[] {
  return m.all("checks", "check").map((s) => {
    const passed = total(s, "trues") ?? 0;
    const all = total(s, "total") ?? 0;
    return { key: s.key, name: s.tags["check"] ?? "", group: s.tags["group"] ?? "", passed, failed: all - passed, rate: ratio(passed, all), series: s };
  });
}

function checkColumns(m: RunModel): Column<Check>[] {
  return [
    { key: "name", title: "Check", value: (c) => c.name },
    { key: "group", title: "Group", align: "left", width: 180, value: (c) => c.group || null },
    { key: "rate", title: "Pass rate", width: 100, value: (c) => c.rate, render: (c) => <span class={c.failed > 0 ? "cell-bad" : "cell-good"}>{formatShare(c.rate)}</span> },
    { key: "passed", title: "Passed", width: 100, descending: true, value: (c) => c.passed, render: (c) => formatCount(c.passed) },
    { key: "failed", title: "Failed", width: 100, descending: true, value: (c) => c.failed, render: (c) => formatCount(c.failed) },
    {
      key: "spark",
      title: "Failures over time",
      width: 150,
      align: "left",
      sortable: false,
      value: () => null,
      render: (c) => <Sparkline values={thin(shareOf(m, c.series).map((v) => (v === null ? null : 1 - v)), 60)} width={120} label={`share that failed over time, ${formatShare(1 - (c.rate ?? 1))} in all`} />,
    },
  ];
}

export function Checks(props: RunProps) {
  const { model } = props;
  const rows = checksOf(model);
  const whole = model.whole("checks");

  if (rows.length === 0) return null;
  return (
    <Section id="checks" title="Checks" note={`${formatShare(ratio(total(whole, "trues"), total(whole, "total")))} of ${formatCount(count(whole))} passed`}>
      <div class="card">
        <Table
          label="Checks"
          rows={rows}
          columns={checkColumns(model)}
          rowKey={(c) => c.key}
          sort={{ key: "rate", descending: false }}
          filter={rows.length > 8 ? (c) => `${c.name} ${c.group}` : undefined}
          filterHint="Filter checks"
          rowTone={(c) => (c.failed > 0 ? "bad" : undefined)}
          maxHeight={420}
        />
      </div>
    </Section>
  );
}

/** Good answers in calm colours, bad ones in loud ones; apart within a class by their order. */
function statusColour(status: string, nth: number): number {
  const kinds: Record<string, number[]> = { "1": [7], "2": [2, 5], "3": [0, 4], "4": [1, 6], "5": [3, 4] };
  const kind = kinds[status.charAt(0)] ?? [7];
  return kind[nth % kind.length] as number;
}

export function StatusCodes(props: RunProps) {
  const { model } = props;
  const list = [...model.all("http_reqs", "status")].sort((a, b) => Number(a.tags["status"]) - Number(b.tags["status"]));
  const seen: Record<string, number> = {};

  if (list.length === 0) return null;
  const series = list.map((s) => {
    const status = s.tags["status"] ?? "";
    const kind = status.charAt(0);
    const nth = seen[kind] ?? 0;
    seen[kind] = nth + 1;
    return { label: status === "0" || status === "" ? "no answer" : status, colour: statusColour(status, nth), summary: formatCount(count(s)) };
  });
  return (
    <Section id="status" title="Status codes">
      <Chart
        title="Answers a second by status"
        series={series}
        data={() => [model.times(), ...list.map((s) => perSecondOf(model, s))] as ChartData}
        version={props.version}
        format={formatNumber}
        group={props.group}
        marks={props.marks}
        stacked
        height={180}
      />
    </Section>
  );
}
