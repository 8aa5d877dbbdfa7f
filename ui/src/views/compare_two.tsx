// Two runs: what is different, how sure that is, and whether it matters.
import { useEffect, useMemo, useState } from "preact/hooks";
import { Badge, ErrorState, Loading, Section, type Tone } from "../components/bits";
import { IntervalBar, reachOf } from "../components/interval_bar";
import { DistributionCharts, OverlayCharts } from "../components/overlay_charts";
import { Table, type Column } from "../components/table";
import { api } from "../lib/api";
import type { Comparison, ComparisonRow, Judgement, RunDoc, RunInfo } from "../lib/doc";
import { formatDate, formatDelta, formatSpan } from "../lib/format";
import {
  JUDGEMENT_WORDS,
  countsOf,
  decidingRows,
  figureOf,
  formatOfRow,
  judgementRank,
  rowSentence,
  sentenceOf,
  subjectOf,
} from "../lib/judgement";
import { useLoad } from "../lib/load";
import { href } from "../lib/route";
import { commitOf } from "../lib/run_words";

const TONES: Record<Judgement, Tone> = { worse: "bad", better: "good", same: "muted", unclear: "warn" };
const REASONS = 4;
const NAMES = ["current", "baseline"];
const NARROW = "(max-width: 760px)";

export function CompareTwo(props: { ids: [string, string]; docs: RunDoc[]; tolerated: number | undefined }) {
  const [current, baseline] = props.ids;
  const { docs, tolerated } = props;
  const judged = useLoad(() => api.compare(current, baseline, tolerated), [current, baseline, tolerated]);
  const [endpoint, setEndpoint] = useState<Endpoint>(null);
  const c = judged.data;

  return (
    <>
      <header class="view-head">
        <h1>Comparison</h1>
        <div class="actions">
          <Tolerance ids={props.ids} value={tolerated ?? c?.threshold_pct ?? null} />
          <a class="button" href={href("compare", baseline, current) + (tolerated ? `?threshold=${tolerated}` : "")}>
            Swap
          </a>
        </div>
      </header>
      <div class="versus">
        <RunCard title="Current" run={docs[0]?.run} colour={1} />
        <RunCard title="Baseline" run={docs[1]?.run} colour={2} />
      </div>
      {judged.error && <ErrorState title="The runs could not be compared" text={judged.error} onRetry={judged.reload} height={200} />}
      {c && !judged.error && <Judged comparison={c} onEndpoint={setEndpoint} />}
      {!c && !judged.error ? <Loading height={1200} text="Comparing …" /> : <Charts docs={docs} endpoint={endpoint} onEndpoint={setEndpoint} />}
    </>
  );
}

type Endpoint = Record<string, string> | null;

function Judged(props: { comparison: Comparison; onEndpoint: (tags: Endpoint) => void }) {
  const { comparison: c } = props;

  return (
    <>
      <Verdict comparison={c} />
      <Section id="figures" title="Figures" note={<IntervalNote comparison={c} />}>
        <div class="card">
          <Rows comparison={c} onOpen={(row) => props.onEndpoint(row.by === "endpoint" ? row.tags : null)} />
        </div>
      </Section>
    </>
  );
}

function Charts(props: { docs: RunDoc[]; endpoint: Endpoint; onEndpoint: (tags: Endpoint) => void }) {
  return (
    <>
      <Section id="over-time" title="Over time" note="both from their start on">
        <OverlayCharts docs={props.docs} names={NAMES} endpoint={props.endpoint} onEndpoint={props.onEndpoint} />
      </Section>
      <Section id="distribution" title="Distribution of latency">
        <DistributionCharts docs={props.docs} names={NAMES} />
      </Section>
    </>
  );
}

function Tolerance(props: { ids: [string, string]; value: number | null }) {
  const shown = String(props.value ?? "");
  const [text, setText] = useState(shown);
  const apply = () => {
    const value = Number(text);
    if (value > 0 && value !== props.value) location.hash = `${href("compare", ...props.ids)}?threshold=${value}`;
  };

  useEffect(() => setText(shown), [shown]);
  return (
    <label class="inline-field" title="Changes up to this much do not matter">
      <span>Tolerated change, %</span>
      <input
        class="input num short"
        type="number"
        min="0.1"
        max="1000"
        step="any"
        value={text}
        onInput={(e) => setText(e.currentTarget.value)}
        onBlur={apply}
        onKeyDown={(e) => e.key === "Enter" && apply()}
      />
    </label>
  );
}

function RunCard(props: { title: string; run: RunInfo | undefined; colour: number }) {
  const { run } = props;
  if (!run) return null;
  const facts = [formatSpan(run.duration_s), commitOf(run), run.labels.join(", ")].filter(Boolean);

  return (
    <div class="card versus-run">
      <span class={`versus-mark series-${props.colour}`} aria-hidden="true" />
      <div class="versus-text">
        <div class="muted">
          {props.title} · <span class="num">{formatDate(run.started_ms ?? run.created_ms)}</span>
        </div>
        <a class="versus-name" href={href("runs", run.id)} title={run.id}>
          {run.script}
          {run.name && ` · ${run.name}`}
        </a>
        <div class="muted num cut">{facts.join(" · ")}</div>
      </div>
    </div>
  );
}

function Verdict(props: { comparison: Comparison }) {
  const c = props.comparison;
  const rows = decidingRows(c, REASONS);

  return (
    <section class={`card judgement judgement-${c.verdict}`} aria-label="Verdict" data-verdict={c.verdict}>
      <div class="judgement-word">{JUDGEMENT_WORDS[c.verdict]}</div>
      <div class="judgement-text">
        <p>
          <strong>{sentenceOf(c)}</strong>{" "}
          <span class="muted">
            {countsOf(c)
              .map(({ verdict, n }) => `${n} ${JUDGEMENT_WORDS[verdict].toLowerCase()}`)
              .join(", ")}
            .
          </span>
        </p>
        <ul class="judgement-reasons">
          {rows.map((row, i) => (
            <li key={i}>
              {rowSentence(row)}
              {row.why && <span class="muted"> ({row.why})</span>}
            </li>
          ))}
          {c.notes.map((note) => (
            <li key={note} class="judgement-note">
              {note}
            </li>
          ))}
        </ul>
      </div>
    </section>
  );
}

function IntervalNote(props: { comparison: Comparison }) {
  const { confidence, threshold_pct } = props.comparison;

  return (
    <>
      bars: where the change lies with {Number((confidence * 100).toFixed(2))} % confidence; shaded: tolerated, ±{threshold_pct} %. A row opens its charts.
    </>
  );
}

function Rows(props: { comparison: Comparison; onOpen: (row: ComparisonRow) => void }) {
  const { comparison: c } = props;
  const [onlyChanged, setOnlyChanged] = useState(false);
  const reach = useMemo(() => reachOf(c.rows.map((r) => ({ low: r.low_pct, high: r.high_pct })), c.threshold_pct), [c]);
  const columns = useMemo(() => columnsOf(c, reach), [c, reach]);
  const rows = useMemo(() => (onlyChanged ? c.rows.filter((r) => r.verdict === "worse" || r.verdict === "better") : c.rows), [c, onlyChanged]);

  return (
    <Table
      label="Figures of both runs"
      rows={rows}
      columns={columns}
      rowKey={(r) => JSON.stringify([r.metric, r.by, r.tags, r.stat])}
      sort={{ key: "verdict", descending: false }}
      filter={(r) => `${subjectOf(r)} ${figureOf(r)} ${r.metric} ${JUDGEMENT_WORDS[r.verdict]}`}
      filterHint="Filter figures"
      maxHeight={560}
      onOpen={props.onOpen}
      tools={
        <label class="check-field">
          <input type="checkbox" checked={onlyChanged} onChange={(e) => setOnlyChanged(e.currentTarget.checked)} />
          Only what changed
        </label>
      }
      empty={onlyChanged ? "Nothing changed by more than is tolerated." : "Nothing to compare."}
    />
  );
}

function columnsOf(c: Comparison, reach: number): Column<ComparisonRow>[] {
  const weight = (r: ComparisonRow) => judgementRank(r.verdict) * 1e6 + (r.by === "" ? 0 : 1e5) - Math.min(9e4, Math.abs(r.delta_pct ?? 0));

  const all: Column<ComparisonRow>[] = [
    { key: "subject", title: "What", value: subjectOf },
    { key: "figure", title: "Figure", width: 168, align: "left", value: figureOf },
    { key: "baseline", title: "Baseline", width: 96, value: (r) => r.baseline, render: (r) => formatOfRow(r)(r.baseline) },
    { key: "current", title: "Current", width: 96, value: (r) => r.current, render: (r) => formatOfRow(r)(r.current) },
    { key: "delta", title: "Change", width: 92, value: (r) => r.delta_pct, render: (r) => <span class={`judged-${r.verdict}`}>{formatDelta(r.delta_pct)}</span> },
    {
      key: "interval",
      title: "Interval",
      width: 220,
      align: "left",
      sortable: false,
      value: (r) => r.low_pct,
      render: (r) => <IntervalBar low={r.low_pct} high={r.high_pct} value={r.delta_pct} tolerated={c.threshold_pct} reach={reach} verdict={r.verdict} />,
    },
    { key: "p", title: "Same shape, p", width: 104, help: "How probable such a difference of the two distributions' shapes would be if only their speed had changed; small: there is a second hump, a longer tail", value: (r) => r.p_value, render: (r) => formatP(r.p_value) },
    {
      key: "verdict",
      title: "Verdict",
      width: 136,
      align: "left",
      value: weight,
      render: (r) => (
        <Badge tone={TONES[r.verdict]} title={r.why}>
          {JUDGEMENT_WORDS[r.verdict]}
        </Badge>
      ),
    },
  ];
  return matchMedia(NARROW).matches ? narrowed(all) : all;
}

/** On a phone the first columns are all that is seen: what it is of, by how much it changed, and the verdict. */
function narrowed(all: Column<ComparisonRow>[]): Column<ComparisonRow>[] {
  const first: Column<ComparisonRow> = {
    key: "subject",
    title: "What",
    width: 168,
    value: (r) => `${figureOf(r)} · ${subjectOf(r)}`,
  };
  const by = (keys: string[]) => all.filter((c) => keys.includes(c.key));

  return [first, ...by(["delta"]), ...by(["verdict"]), ...by(["interval", "baseline", "current", "p"])];
}

/** A p value: three digits are more than it has. */
export function formatP(p: number | null): string {
  if (p === null) return "–";
  return p < 0.001 ? "< 0.001" : p.toFixed(3);
}
