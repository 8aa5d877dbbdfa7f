// The top of the run page: what it is, how it stands, how far it is, the figures in short.
import { useState } from "preact/hooks";
import { Badge, Meter, Stat, Tag, type Tone } from "../../components/bits";
import { RunEdit } from "../../components/run_edit";
import { toast, toastError } from "../../components/toast";
import { api } from "../../lib/api";
import { count, elapsed, latest, ratio, recentRate, total } from "../../lib/derive";
import type { RunInfo, Scenario } from "../../lib/doc";
import { formatClock, formatCount, formatDate, formatMs, formatNumber, formatShare, formatSpan } from "../../lib/format";
import type { LiveState } from "../../lib/live";
import { href } from "../../lib/route";
import { STATES } from "../../lib/run_words";
import type { RunModel } from "../../lib/run_model";
import { Controls, ScaleDialog, scaleOf } from "./controls";
import type { RunProps } from "./context";

const STAGES: Record<string, string> = { init: "starting", setup: "in setup()", scenarios: "running", teardown: "in teardown()", over: "over" };
const VERDICTS: Record<string, [Tone, string]> = {
  valid: ["good", "Valid measurement"],
  suspect: ["warn", "Suspect measurement"],
  invalid: ["bad", "Invalid measurement"],
};

export function StateBadge(props: { run: RunInfo }) {
  const { run } = props;
  const { tone, text } = STATES[run.state];

  if (run.state === "running" && run.paused) return <Badge tone="warn">paused</Badge>;
  return (
    <Badge tone={tone} live={run.state === "running" && run.stage !== "over"} title={run.reason}>
      {run.state === "running" ? (STAGES[run.stage ?? ""] ?? text) : text}
    </Badge>
  );
}

/** One line high while numbers come, whatever it has to say: nothing below may move. */
function Verdict(props: { run: RunInfo; live: boolean }) {
  const { verdict } = props.run;
  if (!verdict && !props.live) return null;
  const [tone, text] = (verdict && VERDICTS[verdict.level]) ?? ["muted", verdict?.level ?? "Not judged yet"];
  const reasons = verdict?.reasons ?? [];
  const [first] = reasons;

  if (!first)
    return (
      <div class={`verdict verdict-${tone}`}>
        <Badge tone={tone}>{text}</Badge>
        <span class="muted verdict-first">{verdict ? "The generator kept up: the numbers are of the system under test." : ""}</span>
      </div>
    );
  if (!props.live || reasons.length === 1)
    return (
      <div class={`verdict verdict-${tone}`} title={props.live ? first.text : undefined}>
        <Badge tone={tone}>{text}</Badge>
        {props.live ? <span class="verdict-first">{first.text}</span> : <ul>{reasons.map((r) => <li key={r.text}>{r.text}</li>)}</ul>}
      </div>
    );
  return (
    <details class={`verdict-more verdict-${tone}`}>
      <summary class="verdict">
        <Badge tone={tone}>{text}</Badge>
        <span class="verdict-first">{first.text}</span>
        <span class="muted verdict-count">and {reasons.length - 1} more</span>
      </summary>
      <ul>
        {reasons.map((r) => (
          <li key={r.text}>{r.text}</li>
        ))}
      </ul>
    </details>
  );
}

function ScenarioRow(props: { scenario: Scenario; controllable: boolean }) {
  const { scenario: s } = props;
  const [scaling, setScaling] = useState(false);
  const share = s.length_s > 0 ? s.elapsed_s / s.length_s : s.state === "done" ? 1 : 0;

  return (
    <li class="scenario">
      <span class="scenario-name" title={s.name}>
        {s.name} <span class="muted">{s.executor}</span>
      </span>
      <Meter share={s.state === "done" ? 1 : share} tone={s.state === "done" ? "muted" : s.state === "interrupted" ? "warn" : "info"} label={`${s.name}: ${formatShare(Math.min(1, share))} done`} />
      <span class="num scenario-time">
        {s.state === "waiting" ? `starts at ${formatClock(s.start_s)}` : s.length_s > 0 ? `${formatClock(s.elapsed_s)} / ${formatClock(s.length_s)}` : formatClock(s.elapsed_s)}
      </span>
      <span class="num scenario-figures">
        <span>{formatCount(s.vus)}/{formatCount(s.vus_max)} VUs</span>
        {s.rate !== null && <span>{formatNumber(s.rate)} due/s</span>}
        <span>{formatCount(s.complete)} done</span>
        {s.dropped > 0 && <span class="cell-bad">{formatCount(s.dropped)} dropped</span>}
      </span>
      {props.controllable && scaleOf(s) && (
        <button type="button" class="button button-small controls" onClick={() => setScaling(true)} aria-label={`Scale ${s.name}`}>
          Scale …
        </button>
      )}
      {scaling && <ScaleDialog scenario={s} onClose={() => setScaling(false)} />}
    </li>
  );
}

async function download(run: RunInfo): Promise<void> {
  try {
    const url = URL.createObjectURL(await api.har(run.id));
    const link = document.createElement("a");
    link.href = url;
    link.download = `${run.id}.har`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  } catch (e) {
    toastError(e);
  }
}

function StoredActions(props: { model: RunModel; onChange: () => void }) {
  const { run } = props.model;
  const [editing, setEditing] = useState(false);
  const baseline = () =>
    void api.patchRun(run.id, { baseline: !run.baseline }).then(() => {
      run.baseline = !run.baseline;
      toast(run.baseline ? "Later runs of this script are compared with this one." : "No longer the baseline.");
      props.onChange();
    }, toastError);

  return (
    <div class="row controls">
      <a class="button" href={href("compare", run.id)}>Compare</a>
      <a class="button" href={href("trend", run.script)}>Trend</a>
      <button type="button" class="button" aria-pressed={run.baseline} onClick={baseline}>{run.baseline ? "Baseline ✓" : "Make baseline"}</button>
      <button type="button" class="button" onClick={() => setEditing(true)}>Labels …</button>
      {props.model.exchanges.length > 0 && <button type="button" class="button" onClick={() => void download(run)}>HAR</button>}
      {editing && <RunEdit run={run} onClose={() => setEditing(false)} onSaved={(saved) => (Object.assign(run, saved), props.onChange())} />}
    </div>
  );
}

/** Failures are bad where a threshold says so, or where they are more than one in a hundred. */
function failedTone(share: number | null, run: RunInfo): Tone | undefined {
  if (!share) return undefined;
  const broken = run.thresholds.some((t) => t.metric.startsWith("http_req_failed") && t.state === "failed");
  return broken || share >= 0.01 ? "bad" : "warn";
}

function Figures(props: RunProps) {
  const { model } = props;
  const live = model.run.state === "running";
  const seconds = elapsed(model) || 1;
  const requests = model.whole("http_reqs");
  const iterations = model.whole("iterations");
  const duration = model.whole("http_req_duration") ?? model.whole("iteration_duration");
  const failed = model.whole("http_req_failed");
  const checks = model.whole("checks");
  const thresholds = model.run.thresholds;
  const broken = thresholds.filter((t) => t.state === "failed").length;
  const rate = (s: typeof requests) => (live ? recentRate(model, s, 5) : s ? count(s) / seconds : null);
  const failedShare = ratio(total(failed, "trues"), total(failed, "total"));
  const checkShare = ratio(total(checks, "trues"), total(checks, "total"));

  return (
    <div class="stats">
      <Stat name="request_rate" label={live ? "Requests/s now" : "Requests/s"} value={formatNumber(rate(requests))} raw={rate(requests)} detail={<><span data-stat="requests" data-value={count(requests)}>{formatCount(count(requests))}</span> in all</>} />
      <Stat name="iteration_rate" label={live ? "Iterations/s now" : "Iterations/s"} value={formatNumber(rate(iterations))} raw={rate(iterations)} detail={<><span data-stat="iterations" data-value={count(iterations)}>{formatCount(count(iterations))}</span> in all</>} />
      <Stat name="p95" label="p95 latency" value={formatMs(total(duration, "p95"))} raw={total(duration, "p95")} detail={`p50 ${formatMs(total(duration, "p50"))}`} help={duration?.metric} />
      <Stat name="p99" label="p99 latency" value={formatMs(total(duration, "p99"))} raw={total(duration, "p99")} detail={`max ${formatMs(total(duration, "max"))}`} help={duration?.metric} />
      <Stat name="failed" label="Failed requests" value={formatShare(failedShare)} raw={failedShare} tone={failedTone(failedShare, model.run)} detail={`${formatCount(total(failed, "trues") ?? 0)} of ${formatCount(total(failed, "total") ?? 0)}`} />
      <Stat name="checks" label="Checks passed" value={formatShare(checkShare)} raw={checkShare} tone={checkShare !== null && checkShare < 1 ? "warn" : undefined} detail={checks ? `${formatCount(count(checks) - (total(checks, "trues") ?? 0))} failed` : "none made"} />
      <Stat name="vus" label={live ? "Active VUs" : "VUs at most"} value={formatCount(live ? latest(model, model.whole("vus"), "last") : total(model.whole("vus"), "max"))} raw={live ? latest(model, model.whole("vus"), "last") : total(model.whole("vus"), "max")} detail={`${formatCount(latest(model, model.whole("vus_max"), "last") ?? total(model.whole("vus_max"), "max"))} initialised`} />
      <Stat name="thresholds" label="Thresholds" value={thresholds.length === 0 ? "none" : broken > 0 ? `${broken} failed` : "all held"} tone={broken > 0 ? "bad" : thresholds.length > 0 ? "good" : undefined} detail={thresholds.length > 0 ? `of ${thresholds.length}` : undefined} />
    </div>
  );
}

const LINKS: Record<LiveState, [Tone, string]> = {
  connecting: ["muted", "connecting"],
  live: ["good", "live"],
  waiting: ["warn", "reconnecting"],
  ended: ["muted", "ended"],
};

export function Head(props: RunProps & { link?: { state: LiveState; error: string }; onChange: () => void }) {
  const { model, link, mode } = props;
  const { run } = model;
  const scenarios = run.scenarios;

  return (
    <header class="run-head">
      <div class="page-head">
        <h1>{run.name || run.script}</h1>
        <StateBadge run={run} />
        {run.baseline && <Badge tone="info">baseline</Badge>}
        {run.labels.map((l) => (
          <Tag key={l}>{l}</Tag>
        ))}
        {link && link.state !== "live" && run.state === "running" && (
          <Badge tone={LINKS[link.state][0]} title={link.error}>
            {LINKS[link.state][1]}
          </Badge>
        )}
        <span class="spread" />
        {mode === "live" && <Controls run={run} />}
        {mode === "stored" && run.state !== "running" && <StoredActions model={model} onChange={props.onChange} />}
      </div>
      <p class="run-facts muted num">
        <span>{formatDate(run.started_ms ?? run.created_ms)}</span>
        <span class="run-elapsed">{formatSpan(elapsed(model))}</span>
        <span>{run.script}</span>
        {run.git && (
          <span title={`${run.git.commit} on ${run.git.branch}`}>
            {run.git.branch} <span class="mono">{run.git.commit.slice(0, 8)}</span>
            {run.git.dirty && " with changes"}
          </span>
        )}
        <span>#{run.key} <span class="mono">{run.id}</span></span>
        {run.reason && run.state !== "running" && <span>{run.reason}{run.exit_code ? `, exit code ${run.exit_code}` : ""}</span>}
      </p>
      {run.note && <p class="run-note">{run.note}</p>}
      <Verdict run={run} live={mode === "live"} />
      <Figures {...props} />
      {scenarios.length > 0 && (
        <ul class="card scenarios" aria-label="Scenarios">
          {scenarios.map((s) => (
            <ScenarioRow key={s.name} scenario={s} controllable={mode === "live" && run.state === "running" && (run.controllable ?? false)} />
          ))}
        </ul>
      )}
    </header>
  );
}
