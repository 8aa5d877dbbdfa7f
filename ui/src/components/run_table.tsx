// The list of runs: thousands of rows of which those in view are in the document, one of them active for the keyboard.
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { RunInfo } from "../lib/doc";
import { formatDate, formatMs, formatRate, formatShare, formatSpan } from "../lib/format";
import { href } from "../lib/route";
import { STATES, VERDICTS } from "../lib/run_words";
import { Badge, Tag } from "./bits";
import { Sparkline } from "./sparkline";

interface RunColumn {
  key: string;
  title: string;
  help?: string;
  width?: number; // px; the one without takes what is left
  right?: boolean;
  show: (run: RunInfo) => ComponentChildren;
  hint?: (run: RunInfo) => string;
}

const COLUMNS: RunColumn[] = [
  { key: "script", title: "Script", show: Script, hint: (r) => [r.script, r.name].filter(Boolean).join(" · ") },
  { key: "duration", title: "Duration", width: 86, right: true, show: (r) => formatSpan(r.duration_s) },
  { key: "rate", title: "Req/s", width: 70, right: true, help: "HTTP requests a second, over the whole run", show: (r) => formatRate(r.headline?.rate) },
  { key: "p95", title: "p95", width: 72, right: true, help: "95 % of requests took no longer (http_req_duration)", show: (r) => formatMs(r.headline?.p95) },
  { key: "spark", title: "p95 over time", width: 120, show: Spark },
  { key: "failed", title: "Failed", width: 68, right: true, help: "Share of requests that failed", show: (r) => formatShare(r.headline?.failed) },
  { key: "checks", title: "Checks", width: 70, right: true, help: "Share of checks that passed", show: (r) => formatShare(r.headline?.checks) },
  { key: "verdict", title: "Verdict", width: 96, help: "Whether the generator's numbers can be trusted", show: Verdict },
  { key: "state", title: "State", width: 118, show: State, hint: (r) => r.reason },
  { key: "labels", title: "Labels", width: 150, show: Labels, hint: (r) => [...r.labels, r.note].filter(Boolean).join(" · ") },
];

function Script(run: RunInfo) {
  return (
    <>
      {run.script}
      {run.name && <span class="muted"> · {run.name}</span>}
    </>
  );
}

function Spark(run: RunInfo) {
  const values = run.headline?.spark ?? [];
  return values.length > 1 && <Sparkline values={values} width={104} height={20} label={`p95 over the run, last ${formatMs(values[values.length - 1])}`} />;
}

function Verdict(run: RunInfo) {
  if (!run.verdict) return <span class="muted">–</span>;
  return (
    <Badge tone={VERDICTS[run.verdict.level].tone} title={run.verdict.reasons.map((r) => r.text).join("\n")}>
      {VERDICTS[run.verdict.level].text}
    </Badge>
  );
}

function State(run: RunInfo) {
  const failed = run.state === "finished" && run.exit_code !== null && run.exit_code !== 0;
  return (
    <Badge tone={failed ? "bad" : STATES[run.state].tone} live={run.state === "running"}>
      {failed ? `exit ${run.exit_code}` : STATES[run.state].text}
    </Badge>
  );
}

function Labels(run: RunInfo) {
  return (
    <span class="labels">
      {run.baseline && <Tag title="Comparisons of this script are made with it">★ baseline</Tag>}
      {run.labels.map((label) => (
        <Tag key={label}>{label}</Tag>
      ))}
      {run.note && <span class="muted">{run.note}</span>}
    </span>
  );
}

export interface RunTableProps {
  total: number;
  at: (index: number) => RunInfo | undefined; // undefined: on its way
  need: (from: number, to: number) => void;
  version: unknown; // changes with what `at` gives
  active: number;
  onActive: (index: number) => void;
  keyboard: number; // counts moves of the keyboard: the active row gets the focus
  selected: ReadonlySet<string>;
  onSelect: (id: string, on: boolean) => void;
}

const ROW = 36; // px, as pages.css has it
const OVERSCAN = 10;

export function RunTable(props: RunTableProps) {
  const box = useRef<HTMLDivElement>(null);
  const pressed = useRef(0); // the move of the keyboard that the focus has followed
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(720);
  const from = Math.max(0, Math.floor(top / ROW) - OVERSCAN);
  const to = Math.min(props.total, Math.ceil((top + height) / ROW) + OVERSCAN);

  useEffect(() => props.need(from, to), [from, to, props.version]);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setHeight(element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(() => {
    if (props.keyboard === 0 || !box.current) return;
    reveal(box.current, props.active);
    setTop(box.current.scrollTop);
  }, [props.keyboard]);
  useEffect(() => {
    const at = document.activeElement;
    const moved = pressed.current !== props.keyboard;
    // Rows that came later take the focus back only from where it fell to when the old ones went.
    if (props.keyboard === 0 || (!moved && at !== document.body && !box.current?.contains(at))) return;
    const link = box.current?.querySelector<HTMLElement>(`tr[data-index="${props.active}"] a`);
    if (!link) return;
    pressed.current = props.keyboard;
    link.focus({ preventScroll: true });
  }, [props.keyboard, top, props.version]);

  const rows = Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
  return (
    <div class="table run-table">
      <div class="table-box" ref={box} onScroll={(e) => setTop(e.currentTarget.scrollTop)} tabIndex={-1}>
        <table aria-label="Runs, newest first" aria-rowcount={props.total + 1}>
          <colgroup>
            <col style={{ width: 36 }} />
            <col style={{ width: 132 }} />
            {COLUMNS.map((c) => (
              <col key={c.key} style={c.width ? { width: c.width } : {}} />
            ))}
          </colgroup>
          <thead>
            <tr>
              <th scope="col" class="select-cell">
                <span class="sr-only">Selected</span>
              </th>
              <th scope="col" class="left">
                When
              </th>
              {COLUMNS.map((c) => (
                <th key={c.key} scope="col" class={c.right ? "right" : "left"} title={c.help}>
                  {c.title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {from > 0 && <tr class="spacer" aria-hidden="true" style={{ height: from * ROW }} />}
            {rows.map((index) => (
              <Row key={index} index={index} run={props.at(index)} table={props} />
            ))}
            {to < props.total && <tr class="spacer" aria-hidden="true" style={{ height: (props.total - to) * ROW }} />}
          </tbody>
        </table>
      </div>
    </div>
  );
}

/** Scrolls as little as it takes to have a row in view, below the head. */
function reveal(box: HTMLElement, index: number): void {
  const low = index * ROW;
  const high = low + 2 * ROW - box.clientHeight;

  if (box.scrollTop > low) box.scrollTop = low;
  else if (box.scrollTop < high) box.scrollTop = high;
}

function Row(props: { index: number; run: RunInfo | undefined; table: RunTableProps }) {
  const { index, run, table } = props;
  const active = index === table.active;

  if (!run)
    return (
      <tr data-index={index} aria-rowindex={index + 2}>
        <td colSpan={COLUMNS.length + 2} class="muted">
          …
        </td>
      </tr>
    );
  const address = href("runs", run.id);
  const when = formatDate(run.started_ms ?? run.created_ms);
  return (
    <tr
      data-index={index}
      data-run={run.id}
      class={`clickable${active ? " active" : ""}`}
      aria-rowindex={index + 2}
      aria-selected={table.selected.has(run.id)}
      onClick={(e) => !(e.target as Element).closest("a, input") && (location.hash = address)}
    >
      <td class="select-cell">
        <input
          type="checkbox"
          aria-label={`Select the run of ${when}`}
          checked={table.selected.has(run.id)}
          onChange={(e) => table.onSelect(run.id, e.currentTarget.checked)}
        />
      </td>
      <th scope="row" class="left">
        <a class="num" href={address} tabIndex={active ? 0 : -1} title={run.id} onFocus={() => !active && table.onActive(index)}>
          {when}
        </a>
      </th>
      {COLUMNS.map((c) => (
        <td key={c.key} class={c.right ? "right num" : "left"} data-column={c.key} title={c.hint?.(run) || undefined}>
          {c.show(run)}
        </td>
      ))}
    </tr>
  );
}
