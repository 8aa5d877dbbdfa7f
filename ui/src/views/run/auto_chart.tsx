// A chart of any metric, found by its type: for metrics of the script's own, of outputs and of the generator.
import { Chart, type ChartData, type ChartSeries } from "../../components/chart";
import { column, count, latest, mean, perSecondOf, shareOf, total, type Points } from "../../lib/derive";
import { formatCount, formatFor, formatShare, perSecond, type Format } from "../../lib/format";
import type { RunModel, Series } from "../../lib/run_model";
import type { RunProps } from "./context";

const MOST = 8; // lines in a chart: as many as there are colours

function tagsText(tags: Record<string, string>): string {
  return Object.entries(tags).map(([k, v]) => `${k} ${v}`).join(" · ");
}

interface Line extends ChartSeries {
  values: (m: RunModel) => Points;
}

/** The one line of an entry that says most. */
function mainLine(s: Series, format: Format): Omit<Line, "label"> {
  switch (s.type) {
    case "counter":
      return { values: (m) => perSecondOf(m, s), summary: format(total(s, "sum")) };
    case "rate":
      return { values: (m) => shareOf(m, s), summary: formatShare((total(s, "trues") ?? 0) / (total(s, "total") || 1)) };
    case "gauge":
      return { values: (m) => column(m, s, "last") };
    default:
      return { values: (m) => column(m, s, "p95"), summary: format(total(s, "p95")) };
  }
}

function linesOf(m: RunModel, metric: string, format: Format): Line[] {
  const whole = m.whole(metric);
  const parts = [...m.all(metric, "series")].sort((a, b) => count(b) - count(a));

  if (parts.length > 1 || !whole)
    return parts
      .slice(0, MOST)
      .map((s) => ({ ...mainLine(s, format), label: tagsText(s.tags) || metric }))
      .sort((a, b) => a.label.localeCompare(b.label, "en", { numeric: true })); // loop 0 has one colour in all charts
  if (whole.type === "trend")
    return (["p50", "p95", "p99"] as const).map((p) => ({ label: p, summary: format(total(whole, p)), values: (x) => column(x, whole, p) }));
  if (whole.type === "gauge")
    return [
      { label: "value", values: (x) => column(x, whole, "last") },
      { label: "highest", colour: 7, dash: true, hidden: true, summary: format(total(whole, "max")), values: (x) => column(x, whole, "max") },
    ];
  return [{ ...mainLine(whole, format), label: whole.type === "rate" ? "share" : "a second", kind: whole.type === "counter" ? "area" : "line" }];
}

function noteOf(m: RunModel, metric: string, format: Format): string {
  const whole = m.whole(metric);
  const parts = m.all(metric, "series").length;

  if (parts > 1) return `${parts} series${parts > MOST ? `, the ${MOST} largest` : ""}${m.info(metric).type === "trend" ? ", p95" : ""}`;
  if (!whole) return "";
  if (whole.type === "counter") return `${format(total(whole, "sum"))} in all`;
  if (whole.type === "trend") return `${formatCount(total(whole, "n"))} values, mean ${format(mean(whole))}`;
  if (whole.type === "rate") return `${formatCount(total(whole, "trues"))} of ${formatCount(total(whole, "total"))}`;
  return `now ${format(latest(m, whole, "last"))}`;
}

/** Metrics whose gauges are shares of 1, though nothing in their type says so. */
const SHARES = new Set(["generator_busy", "generator_cpu", "generator_run_queue_wait", "generator_steal"]);

export function AutoChart(props: RunProps & { metric: string; title?: string; height?: number }) {
  const { model, metric } = props;
  const info = model.info(metric);
  const format = SHARES.has(metric) ? formatShare : formatFor(info.contains, info.type, metric);
  const lines = linesOf(model, metric, format);
  const axis = info.type === "counter" ? perSecond(format) : format;

  return (
    <Chart
      title={props.title ?? metric}
      note={<span class="muted num note" title={info.help}>{noteOf(model, metric, format)}</span>}
      series={lines}
      data={() => [model.times(), ...lines.map((l) => l.values(model))] as ChartData}
      version={props.version}
      format={axis}
      group={props.group}
      marks={props.marks}
      height={props.height ?? 150}
      top={info.type === "rate" || SHARES.has(metric) ? 0.01 : 0}
    />
  );
}
