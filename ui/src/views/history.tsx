// All runs, newest first: find them, mark them, take some of them on to comparison and trend.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Empty, ErrorState, Loading, Badge } from "../components/bits";
import { Confirm } from "../components/dialog";
import { RunEdit } from "../components/run_edit";
import { RunTable } from "../components/run_table";
import { toast, toastError } from "../components/toast";
import { api, reasonOf } from "../lib/api";
import type { RunInfo, RunState } from "../lib/doc";
import { formatCount, formatMs, formatRate, formatSpan } from "../lib/format";
import { useLoad } from "../lib/load";
import { href, type Route } from "../lib/route";
import { RunPages, type ListFilter } from "../lib/run_pages";
import { STATES } from "../lib/run_words";
import "./pages.css";

const TYPING_MS = 200; // of silence before a typed filter is asked for
const LIVE_MS = 2000;

/** The filter as the address has it, so that a list can be linked to. */
function filterOf(query: URLSearchParams): ListFilter {
  const state = query.get("state") ?? "";

  return {
    q: query.get("q") ?? "",
    script: query.get("script") ?? "",
    label: query.get("label") ?? "",
    baseline: query.get("baseline") === "1",
    state: state in STATES ? (state as RunState) : "",
  };
}

function addressOf(filter: ListFilter): string {
  const query = new URLSearchParams();

  for (const [key, value] of Object.entries(filter)) {
    if (value) query.set(key, value === true ? "1" : String(value));
  }
  const text = query.toString();
  return text ? `#/runs?${text}` : "#/runs";
}

/** The pages of a filter's list, and a number that changes with them. */
function useRuns(filter: ListFilter, turn: number): { pages: RunPages; version: number } {
  const [version, setVersion] = useState(0);
  const changed = () => setVersion((n) => n + 1);
  const key = JSON.stringify([filter, turn]);
  const pages = useMemo(() => new RunPages(api.runs, filter, changed), [key]);

  useEffect(() => {
    pages.start();
    return () => pages.stop();
  }, [pages]);
  return { pages, version };
}

export function HistoryView(props: { route: Route }) {
  const { route } = props;
  const [filter, setFilter] = useState(() => filterOf(route.query));
  const [turn, setTurn] = useState(0);
  const { pages, version } = useRuns(filter, turn);
  const [active, setActive] = useState(0);
  const [keyboard, setKeyboard] = useState(0);
  const [selected, setSelected] = useState<ReadonlyMap<string, RunInfo>>(new Map());
  const [dialog, setDialog] = useState<"edit" | "delete" | null>(null);
  const total = pages.total;
  const unfiltered = !Object.values(filter).some(Boolean);

  useEffect(() => history.replaceState(null, "", addressOf(filter)), [filter]);
  useEffect(() => setActive(0), [pages]);

  const select = (run: RunInfo | undefined, on: boolean) => {
    if (!run) return;
    const next = new Map(selected);
    if (on) next.set(run.id, run);
    else next.delete(run.id);
    setSelected(next);
  };
  const move = (to: number) => {
    if (!total) return;
    setActive(Math.max(0, Math.min(total - 1, to)));
    setKeyboard((n) => n + 1);
  };
  const targets = selected.size > 0 ? [...selected.values()] : [pages.at(active)].filter((r) => r !== undefined);
  const refresh = () => {
    setSelected(new Map());
    setTurn((n) => n + 1);
  };
  const actions = actionsOf(targets, selected.size, { refresh, open: setDialog });

  useKeys((key) => {
    const here = pages.at(active);
    const first = keyboard === 0;

    if (key === "j" || key === "ArrowDown") move(first ? active : active + 1);
    else if (key === "k" || key === "ArrowUp") move(first ? active : active - 1);
    else if (key === "PageDown") move(active + 15);
    else if (key === "PageUp") move(active - 15);
    else if (key === "Home" || key === "g") move(0);
    else if (key === "End" || key === "G") move((total ?? 1) - 1);
    else if (key === "x" && here) select(here, !selected.has(here.id));
    else {
      const action = actions.find((a) => a.key === key && !a.off);
      if (!action) return false;
      action.run();
    }
    return true;
  });

  return (
    <>
      <LiveRun />
      <header class="view-head">
        <h1>Runs</h1>
        <span class="muted num" role="status">
          {total === null ? "\u00a0" : `${formatCount(total)} ${unfiltered ? "in the history" : "found"}`}
        </span>
        <div class="actions" role="toolbar" aria-label="What to do with runs">
          {actions.map((a) => (
            <button key={a.key} type="button" class={`button${a.primary ? " button-primary" : ""}`} disabled={a.off} onClick={a.run} title={`${a.help} (key ${a.key})`} aria-keyshortcuts={a.key}>
              {a.title}
            </button>
          ))}
        </div>
      </header>
      <Filters filter={filter} onChange={setFilter} onList={() => move(active)} />
      <div class="card run-card">
        {total === null && pages.error === null && <Loading height={480} text="Reading the history …" />}
        {pages.error !== null && <ErrorState title="The history could not be read" text={reasonOf(pages.error)} onRetry={refresh} height={480} />}
        {pages.error === null && total === 0 && (unfiltered ? <NoRuns /> : <NothingFound onClear={() => setFilter({})} />)}
        {pages.error === null && !!total && (
          <RunTable
            total={total}
            at={(i) => pages.at(i)}
            need={(from, to) => pages.need(from, to)}
            version={version}
            active={active}
            onActive={setActive}
            keyboard={keyboard}
            selected={new Set(selected.keys())}
            onSelect={(id, on) => select(pages.find(id) ?? selected.get(id), on)}
          />
        )}
      </div>
      <p class="muted keys">
        <kbd>j</kbd> <kbd>k</kbd> move · <kbd>x</kbd> select · <kbd>Enter</kbd> open · <kbd>/</kbd> filter · <kbd>c</kbd> compare ·{" "}
        <kbd>r</kbd> trend · <kbd>b</kbd> baseline · <kbd>e</kbd> edit · <kbd>d</kbd> delete
      </p>
      {dialog === "edit" && targets[0] && (
        <RunEdit
          run={targets[0]}
          onClose={() => setDialog(null)}
          onSaved={(run) => {
            pages.replace(run);
            if (selected.has(run.id)) select(run, true);
          }}
        />
      )}
      {dialog === "delete" && targets.length > 0 && (
        <Confirm
          title={targets.length === 1 ? "Delete this run?" : `Delete ${targets.length} runs?`}
          text={<Doomed runs={targets} />}
          action="Delete"
          danger
          run={async () => {
            for (const run of targets) await api.deleteRun(run.id);
            toast(targets.length === 1 ? "The run is deleted." : `${targets.length} runs are deleted.`);
            refresh();
          }}
          onClose={() => setDialog(null)}
        />
      )}
    </>
  );
}

interface Action {
  key: string;
  title: string;
  help: string;
  off: boolean;
  primary?: boolean;
  run: () => void;
}

/** What can be done with the selected runs, or with the active one where none is. */
function actionsOf(
  runs: RunInfo[],
  n_selected: number,
  on: { refresh: () => void; open: (dialog: "edit" | "delete") => void },
): Action[] {
  const one = runs.length === 1 ? runs[0] : undefined;
  const newest = [...runs].sort((a, b) => b.created_ms - a.created_ms);
  const scripts = new Set(runs.map((r) => r.script));
  const toggle = (run: RunInfo) =>
    api.patchRun(run.id, { baseline: !run.baseline }).then(() => {
      toast(run.baseline ? "It is no baseline any more." : "Comparisons of its script are now made with it.");
      on.refresh();
    }, toastError);

  return [
    {
      key: "c",
      title: n_selected > 1 ? `Compare ${n_selected}` : "Compare",
      help: "Compare the selected runs, the newest with the others",
      off: n_selected < 2,
      primary: n_selected > 1,
      run: () => (location.hash = href("compare", ...newest.map((r) => r.id))),
    },
    {
      key: "r",
      title: "Trend",
      help: "How a figure went over all runs of the script",
      off: scripts.size !== 1,
      run: () => (location.hash = href("trend", [...scripts][0] ?? "")),
    },
    {
      key: "b",
      title: one?.baseline ? "No baseline" : "Baseline",
      help: "Make it what runs of its script are compared with, or no longer",
      off: !one,
      run: () => void (one && toggle(one)),
    },
    { key: "e", title: "Edit", help: "Labels and note", off: !one, run: () => on.open("edit") },
    {
      key: "d",
      title: "Delete",
      help: "Take them out of the history",
      off: runs.length === 0 || runs.some((r) => r.state === "running"),
      run: () => on.open("delete"),
    },
  ];
}

/** Keys of the list, while nobody types and no dialog is open. `act` says whether the key was for it. */
function useKeys(act: (key: string) => boolean): void {
  const latest = useRef(act);

  latest.current = act;
  useEffect(() => {
    const pressed = (e: KeyboardEvent) => {
      const at = e.target as Element;
      if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented) return;
      if (at.closest("input:not([type=checkbox]), select, textarea, dialog, .menu")) return;
      if (latest.current(e.key)) e.preventDefault();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
}

function Filters(props: { filter: ListFilter; onChange: (filter: ListFilter) => void; onList: () => void }) {
  const { filter, onChange } = props;
  const [text, setText] = useState(filter.q ?? "");
  const [label, setLabel] = useState(filter.label ?? "");
  const scripts = useLoad(() => api.scripts(), []);
  const names = (scripts.data ?? []).map((s) => s.script);
  const known = filter.script && !names.includes(filter.script) ? [filter.script, ...names] : names;

  useEffect(() => {
    if (text === (filter.q ?? "") && label === (filter.label ?? "")) return;
    const timer = setTimeout(() => onChange({ ...filter, q: text, label }), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text, label]);
  useEffect(() => {
    setText(filter.q ?? "");
    setLabel(filter.label ?? "");
  }, [filter]);

  return (
    <div class="filters" role="search">
      <input
        type="search"
        class="input filter grow"
        placeholder="Filter: name, script, label, note, commit"
        aria-label="Filter runs by name, script, label, note or commit"
        value={text}
        onInput={(e) => setText(e.currentTarget.value)}
        onKeyDown={(e) => {
          if (e.key === "Escape") setText("");
          if (e.key === "Escape" || e.key === "Enter" || e.key === "ArrowDown") {
            e.preventDefault();
            e.currentTarget.blur();
            props.onList();
          }
        }}
      />
      <select class="input" aria-label="Script" value={filter.script ?? ""} onChange={(e) => onChange({ ...filter, script: e.currentTarget.value })}>
        <option value="">Any script</option>
        {known.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
      <select class="input" aria-label="State" value={filter.state ?? ""} onChange={(e) => onChange({ ...filter, state: e.currentTarget.value as RunState | "" })}>
        <option value="">Any state</option>
        {Object.keys(STATES).map((state) => (
          <option key={state} value={state}>
            {state}
          </option>
        ))}
      </select>
      <input type="text" class="input" placeholder="Label" aria-label="Label" value={label} onInput={(e) => setLabel(e.currentTarget.value)} />
      <label class="check-field">
        <input type="checkbox" checked={!!filter.baseline} onChange={(e) => onChange({ ...filter, baseline: e.currentTarget.checked })} />
        Baselines
      </label>
    </div>
  );
}

/** The run of this process, while it goes on. */
function LiveRun() {
  const live = useLoad(() => api.live(), []);
  const run = live.data?.run;

  useEffect(() => {
    const timer = setInterval(live.reload, LIVE_MS);
    return () => clearInterval(timer);
  }, []);
  if (!run || run.state !== "running") return null;
  return (
    <a class="card live-run" href="#/">
      <Badge tone="info" live>
        {run.paused ? "paused" : "running"}
      </Badge>
      <strong class="cut">{run.name || run.script}</strong>
      <span class="muted num">{formatSpan(run.duration_s)}</span>
      <span class="num">{formatRate(run.headline?.rate)}</span>
      <span class="num">p95 {formatMs(run.headline?.p95)}</span>
      <span class="live-go">Watch it live →</span>
    </a>
  );
}

function Doomed(props: { runs: RunInfo[] }) {
  const names = props.runs.slice(0, 5).map((r) => `${r.id} (${r.script})`);
  const more = props.runs.length - names.length;

  return (
    <>
      {names.join(", ")}
      {more > 0 && ` and ${more} more`}: measurements, events and captured exchanges are removed for good.
    </>
  );
}

function NoRuns() {
  return (
    <Empty title="No runs yet" height={480}>
      <p>Every run is kept here. Make the first one:</p>
      <pre class="command">brunt run https://test.example.com/ --vus 10 --duration 30s</pre>
      <p>or with a script of yours:</p>
      <pre class="command">brunt run script.js --ui</pre>
    </Empty>
  );
}

function NothingFound(props: { onClear: () => void }) {
  return (
    <Empty title="No run is like that" height={480}>
      <button type="button" class="button" onClick={props.onClear}>
        Clear the filter
      </button>
    </Empty>
  );
}
