// What a comparison found, in words and in order.
import type { Comparison, ComparisonRow, Contains, Judgement } from "./doc";
import { formatDelta, formatMs, formatBytes, formatNumber, formatShare, type Format } from "./format";

export const JUDGEMENT_WORDS: Record<Judgement, string> = {
  worse: "Worse",
  better: "Better",
  same: "Same",
  unclear: "Cannot tell",
};

const SENTENCES: Record<Judgement, string> = {
  worse: "This run is worse than its baseline.",
  better: "This run is better than its baseline.",
  same: "No difference that matters.",
  unclear: "The runs do not say whether anything changed.",
};

const ORDER: Judgement[] = ["worse", "better", "unclear", "same"];

export function judgementRank(verdict: Judgement): number {
  return ORDER.indexOf(verdict);
}

export function sentenceOf(c: Comparison): string {
  return SENTENCES[c.verdict] ?? SENTENCES.unclear;
}

/** What a row is of: an endpoint's method and name, else its tags, else the whole run. */
export function subjectOf(row: ComparisonRow): string {
  if (row.by === "") return "All requests";
  if (row.by === "endpoint") return endpointName(row.tags);
  const tags = Object.entries(row.tags).map(([k, v]) => `${k}: ${v}`);

  return tags.join(", ") || row.metric;
}

/** Method and name, unless the name says the method already. */
export function endpointName(tags: Record<string, string>): string {
  const name = tags["name"] ?? "";
  const method = tags["method"] ?? "";

  return method && !name.startsWith(`${method} `) ? `${method} ${name}` : name;
}

const FIGURES: Record<string, string> = {
  "http_reqs rate": "Requests a second",
  "iterations rate": "Iterations a second",
  "http_req_failed rate": "Failed requests",
  "checks rate": "Checks passed",
};

/** A row's figure by name: "p(95)" of a duration needs no more; others name their metric. */
export function figureOf(row: ComparisonRow): string {
  const known = FIGURES[`${row.metric} ${row.stat}`];

  if (known) return known;
  if (row.metric === "http_req_duration") return row.stat;
  return `${row.metric} ${row.stat}`;
}

export function isShare(metric: string, stat: string): boolean {
  return stat === "rate" && (metric === "http_req_failed" || metric === "checks");
}

/** How a figure of a comparison or a trend is written. */
export function figureFormat(metric: string, stat: string, contains: Contains): Format {
  if (isShare(metric, stat)) return formatShare;
  if (stat === "rate") return (v) => (v === null || v === undefined ? formatNumber(v) : `${formatNumber(v)}/s`);
  if (stat === "count" && contains !== "data") return formatNumber;
  if (contains === "time") return formatMs;
  return contains === "data" ? formatBytes : formatNumber;
}

export function formatOfRow(row: ComparisonRow): Format {
  return figureFormat(row.metric, row.stat, row.contains);
}

/** The rows that decided, worst first, at most n of them. */
export function decidingRows(c: Comparison, n: number): ComparisonRow[] {
  const size = (row: ComparisonRow) => Math.abs(row.delta_pct ?? 0);

  return c.rows
    .filter((row) => row.verdict === c.verdict && row.verdict !== "same")
    .sort((a, b) => Number(a.by !== "") - Number(b.by !== "") || size(b) - size(a))
    .slice(0, n);
}

/** "p(95) of GET /search: 132 ms → 148 ms, +12.1 %". */
export function rowSentence(row: ComparisonRow): string {
  const format = formatOfRow(row);

  return `${figureOf(row)}, ${subjectOf(row)}: ${format(row.baseline)} → ${format(row.current)}, ${formatDelta(row.delta_pct)}`;
}

/** How many rows there are of each judgement: "3 worse, 1 better, 20 same". */
export function countsOf(c: Comparison): { verdict: Judgement; n: number }[] {
  return ORDER.map((verdict) => ({ verdict, n: c.rows.filter((row) => row.verdict === verdict).length })).filter(
    ({ n }) => n > 0,
  );
}
