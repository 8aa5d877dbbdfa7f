// More than two runs: their headline figures in columns, the best and the worst marked, and the charts of all.
import { useState } from "preact/hooks";
import { Section } from "../components/bits";
import { DistributionCharts, OverlayCharts } from "../components/overlay_charts";
import type { Headline, RunDoc, RunInfo } from "../lib/doc";
import { formatCount, formatDate, formatDelta, formatMs, formatRate, formatShare, formatSpan, type Format } from "../lib/format";
import { href } from "../lib/route";
import { commitOf } from "../lib/run_words";

interface Figure {
  title: string;
  better: "lower" | "higher" | null; // null: neither
  format: Format;
  value: (h: Headline, run: RunInfo) => number | null;
}

const FIGURES: Figure[] = [
  { title: "Requests a second", better: "higher", format: formatRate, value: (h) => h.rate },
  { title: "p50", better: "lower", format: formatMs, value: (h) => h.p50 },
  { title: "p95", better: "lower", format: formatMs, value: (h) => h.p95 },
  { title: "p99", better: "lower", format: formatMs, value: (h) => h.p99 },
  { title: "Longest", better: "lower", format: formatMs, value: (h) => h.max },
  { title: "Failed", better: "lower", format: formatShare, value: (h) => h.failed },
  { title: "Checks passed", better: "higher", format: formatShare, value: (h) => h.checks },
  { title: "Requests", better: null, format: formatCount, value: (h) => h.requests },
  { title: "Iterations", better: null, format: formatCount, value: (h) => h.iterations },
  { title: "Users at most", better: null, format: formatCount, value: (h) => h.vus_max },
  { title: "Duration", better: null, format: formatSpan, value: (_h, run) => run.duration_s },
];

export type Mark = "best" | "worst" | null;

/** Which values are the best and which the worst; none where all are the same or nothing is better. */
export function marksOf(values: (number | null)[], better: Figure["better"]): Mark[] {
  const known = values.filter((v) => v !== null);
  const low = Math.min(...known);
  const high = Math.max(...known);

  if (better === null || known.length < 2 || low === high) return values.map(() => null);
  const best = better === "lower" ? low : high;
  return values.map((v) => (v === null || (v !== low && v !== high) ? null : v === best ? "best" : "worst"));
}

export function CompareMany(props: { ids: string[]; docs: RunDoc[] }) {
  const { ids, docs } = props;
  const [endpoint, setEndpoint] = useState<Record<string, string> | null>(null);
  const names = docs.map((d, i) => `${i + 1} · ${d.run.name || formatDate(d.run.started_ms ?? d.run.created_ms)}`);

  return (
    <>
      <header class="view-head">
        <h1>Comparison of {docs.length} runs</h1>
        <span class="muted">changes are against the last column; open two for a verdict</span>
      </header>
      <div class="card">
        <div class="table">
          <div class="table-box" tabIndex={0} role="region" aria-label="Figures of all runs">
            <table class="figures" style={{ minWidth: 160 + docs.length * 168 }}>
              <colgroup>
                <col style={{ width: 160 }} />
                {docs.map((d) => (
                  <col key={d.run.id} />
                ))}
              </colgroup>
              <thead>
                <tr>
                  <th scope="col">Figure</th>
                  {docs.map((d, i) => (
                    <RunHead key={d.run.id} run={d.run} index={i} ids={ids} />
                  ))}
                </tr>
              </thead>
              <tbody>
                {FIGURES.map((figure) => (
                  <FigureRow key={figure.title} figure={figure} runs={docs.map((d) => d.run)} />
                ))}
              </tbody>
            </table>
          </div>
        </div>
      </div>
      <Section id="over-time" title="Over time" note="all from their start on">
        <OverlayCharts docs={docs} names={names} endpoint={endpoint} onEndpoint={setEndpoint} />
      </Section>
      <Section id="distribution" title="Distribution of latency">
        <DistributionCharts docs={docs} names={names} />
      </Section>
    </>
  );
}

function RunHead(props: { run: RunInfo; index: number; ids: string[] }) {
  const { run, index, ids } = props;
  const last = ids[ids.length - 1] as string;
  const rest = ids.filter((_, i) => i !== index);

  return (
    <th scope="col" class="right run-head" title={[run.id, run.script, commitOf(run), run.labels.join(", ")].filter(Boolean).join("\n")}>
      <span class={`swatch series-${(index % 8) + 1}`} aria-hidden="true" />{" "}
      <a href={href("runs", run.id)} class="num">
        {index + 1} · {formatDate(run.started_ms ?? run.created_ms)}
      </a>
      <div class="run-head-more">
        <span class="cut">{run.name || run.script}</span>
        {index < ids.length - 1 && (
          <a href={href("compare", ids[index] as string, last)} aria-label={`judge run ${index + 1} against the last`}>
            judge
          </a>
        )}
        <a href={href("compare", ...rest)} aria-label={`✕ leave run ${index + 1} out`}>
          ✕
        </a>
      </div>
    </th>
  );
}

function FigureRow(props: { figure: Figure; runs: RunInfo[] }) {
  const { figure, runs } = props;
  const values = runs.map((run) => (run.headline ? figure.value(run.headline, run) : null));
  const marks = marksOf(values, figure.better);
  const base = values[values.length - 1];

  return (
    <tr>
      <th scope="row">{figure.title}</th>
      {values.map((value, i) => (
        <td key={i} class={`right num ${marks[i] ? `mark-${marks[i]}` : ""}`} data-mark={marks[i] ?? undefined}>
          {value !== null && base && i < values.length - 1 ? <span class="muted delta">{formatDelta((value / base - 1) * 100)}</span> : null}
          {marks[i] && (
            <span class="mark-sign" title={marks[i] === "best" ? "the best" : "the worst"}>
              {marks[i] === "best" ? "▲ " : "▼ "}
            </span>
          )}
          {figure.format(value)}
        </td>
      ))}
    </tr>
  );
}
