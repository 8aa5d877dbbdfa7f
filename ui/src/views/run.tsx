// The run page: the same for a test that runs, a run of the store, and a report.
import "./run/run.css";
import { useEffect, useMemo, useReducer, useRef, useState } from "preact/hooks";
import { ErrorState, Loading } from "../components/bits";
import { api, ApiError, reasonOf, setToken } from "../lib/api";
import { ChartGroup } from "../lib/chart_group";
import type { RunDoc } from "../lib/doc";
import { formatClock } from "../lib/format";
import { nextFrame } from "../lib/frame";
import { LiveRun, type LiveSource } from "../lib/live";
import { useLoad } from "../lib/load";
import { reportDoc } from "../lib/report";
import { RunModel } from "../lib/run_model";
import { readEvents } from "../lib/sse";
import { About, Events } from "./run/about";
import { marksOf, type RunProps } from "./run/context";
import { Endpoints } from "./run/endpoints";
import { Errors } from "./run/errors";
import { Exceptions } from "./run/exceptions";
import { Groups } from "./run/groups";
import { Head } from "./run/head";
import { Checks, StatusCodes, Thresholds } from "./run/judged";
import { Latency } from "./run/latency";
import { Custom, Generator, Outputs } from "./run/more";
import { Part } from "./run/part";
import { Throughput } from "./run/throughput";

const PARTS = [Throughput, Latency, Errors, Exceptions, Endpoints, StatusCodes, Checks, Thresholds, Custom, Groups, Generator, Outputs, Events, About];

const SECTIONS: [string, string][] = [
  ["throughput", "Throughput"],
  ["latency", "Latency"],
  ["errors", "Errors"],
  ["exceptions", "Exceptions"],
  ["endpoints", "Endpoints"],
  ["status", "Status codes"],
  ["checks", "Checks"],
  ["thresholds", "Thresholds"],
  ["custom", "Metrics"],
  ["groups", "Groups"],
  ["generator", "Generator"],
  ["outputs", "Outputs"],
  ["events", "Events"],
  ["about", "About"],
];

const WINDOWS: [string, number][] = [
  ["Everything", 0],
  ["Last 15 min", 900],
  ["Last 5 min", 300],
  ["Last minute", 60],
];

/** Follows the group's zoom as text. */
function useRange(group: ChartGroup): ChartGroup["range"] {
  const [range, setRange] = useState(group.range);

  useEffect(() => group.subscribe((what) => what === "range" && setRange(group.range)), [group]);
  return range;
}

/** Which of the sections is at the top of the window. */
function useCurrent(ids: string[]): string {
  const [current, setCurrent] = useState(ids[0] ?? "");
  const all = ids.join();

  useEffect(() => {
    const find = () => {
      let last = ids[0] ?? "";
      for (const id of ids) if ((document.getElementById(id)?.getBoundingClientRect().top ?? Infinity) < 140) last = id;
      setCurrent(last);
    };
    const scrolled = () => nextFrame(find);
    addEventListener("scroll", scrolled, { passive: true });
    find();
    return () => removeEventListener("scroll", scrolled);
  }, [all]);
  return current;
}

function SubNav(props: RunProps & { follow: number; onFollow: (seconds: number) => void }) {
  const [there, setThere] = useState<string[]>([]);
  const range = useRange(props.group);
  const current = useCurrent(there);
  const list = useRef<HTMLDivElement>(null);

  useEffect(() => {
    const now = SECTIONS.map(([id]) => id).filter((id) => document.getElementById(id));
    if (now.join() !== there.join()) setThere(now);
  }, [props.version]);
  useEffect(() => {
    const button = list.current?.querySelector<HTMLElement>("[aria-current]");
    const box = list.current;
    if (button && box) box.scrollLeft = Math.max(0, button.offsetLeft - box.clientWidth / 2);
  }, [current]);

  return (
    <nav class="subnav" aria-label="Sections">
      <div class="subnav-list" ref={list}>
        {SECTIONS.filter(([id]) => there.includes(id)).map(([id, title]) => (
          <button key={id} type="button" aria-current={id === current ? "true" : undefined} onClick={() => document.getElementById(id)?.scrollIntoView({ behavior: "smooth" })}>
            {title}
          </button>
        ))}
      </div>
      <div class="subnav-range num">
        {range && !props.follow && (
          <button type="button" class="button button-small" onClick={() => props.group.setRange(null)} title="Show everything (double click in a chart)">
            {formatClock(range[0])} – {formatClock(range[1])} ✕
          </button>
        )}
        {props.mode === "live" && (
          <select class="input select" aria-label="Time shown" value={props.follow} onChange={(e) => props.onFollow(Number(e.currentTarget.value))}>
            {WINDOWS.map(([title, seconds]) => (
              <option key={seconds} value={seconds}>
                {title}
              </option>
            ))}
          </select>
        )}
      </div>
    </nav>
  );
}

function RunView(props: { model: RunModel; mode: RunProps["mode"]; live?: LiveRun }) {
  const { model, mode, live } = props;
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  const group = useMemo(() => new ChartGroup(), [model]);
  const marks = useMemo(() => marksOf(model.events), [model.events]);
  const [follow, setFollow] = useState(0);
  const p: RunProps = { model, version: model.version, group, marks, mode };

  useEffect(() => {
    document.title = `${model.run.name || model.run.script} · brunt`;
  }, [model]);
  useEffect(() => {
    if (follow > 0) group.setRange([Math.max(0, model.end - follow), Math.max(1, model.end)]);
  }, [follow, model.version]);
  useEffect(() => group.subscribe((what) => what === "range" && group.range === null && setFollow(0)), [group]);

  return (
    <div class="run">
      <Head {...p} link={live && { state: live.state, error: live.error }} onChange={() => redraw(0)} />
      <SubNav {...p} follow={follow} onFollow={(s) => (setFollow(s), s === 0 && group.setRange(null))} />
      {PARTS.map((part, i) => (
        <Part key={i} {...p} of={part} nth={i} />
      ))}
    </div>
  );
}

/** A model of a document that was loaded whole; of the same run's next document, the same model. */
function useDoc(ask: () => Promise<RunDoc>, deps: unknown[]) {
  const loaded = useLoad(ask, deps);
  const kept = useRef<RunModel | null>(null);
  const model = useMemo(() => {
    const { data } = loaded;
    if (!data) return null;
    if (kept.current?.run.id === data.run.id) kept.current.load(data);
    else kept.current = RunModel.of(data);
    return kept.current;
  }, [loaded.data]);

  return { ...loaded, model };
}

const REREAD_MS = 5000;

/** Reads a run again and again that another program is writing. */
function useReread(running: boolean, reload: () => void): void {
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => document.visibilityState === "visible" && reload(), REREAD_MS);
    return () => clearInterval(timer);
  }, [running]);
}

export function ReportView() {
  const { model, error } = useDoc(reportDoc, []);

  if (error) return <ErrorState title="This report cannot be shown" text={error} height={480} />;
  return model ? <RunView model={model} mode="report" /> : <Loading height={480} />;
}

export function StoredView(props: { id: string }) {
  const { model, error, reload } = useDoc(() => api.run(props.id), [props.id]);

  useReread(model?.run.state === "running", reload);

  if (!model && error) return <ErrorState title="The run cannot be shown" text={error} onRetry={reload} height={480} />;
  return model ? <RunView model={model} mode="stored" /> : <Loading height={480} />;
}

const source: LiveSource = {
  live: api.live,
  doc: (id) => api.run(id),
  events: async (signal, emit) => readEvents(await api.liveEvents(signal), emit),
  random: Math.random,
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, ms);
      signal.addEventListener("abort", () => (clearTimeout(timer), reject(new Error("aborted"))), { once: true });
    }),
};

function TokenForm(props: { text: string; onToken: () => void }) {
  const [value, setValue] = useState("");

  return (
    <ErrorState title="This page needs a token" text={props.text} height={240}>
      <form
        class="row"
        onSubmit={(e) => {
          e.preventDefault();
          setToken(value.trim());
          props.onToken();
        }}
      >
        <input class="input token-input" type="password" aria-label="Token" autoComplete="off" value={value} onInput={(e) => setValue(e.currentTarget.value)} />
        <button type="submit" class="button button-primary">Use it</button>
      </form>
    </ErrorState>
  );
}

export function LiveView() {
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  const [turn, again] = useReducer((n: number) => n + 1, 0);
  const [refused, setRefused] = useState("");
  const live = useRef<LiveRun | null>(null);

  useEffect(() => {
    const draw = () => redraw(0);
    // where nothing runs the history is the first page
    const run: LiveRun = new LiveRun(source, () => (run.none ? location.replace("#/runs") : nextFrame(draw)));
    live.current = run;
    setRefused("");
    run.follow().catch((e: unknown) => {
      setRefused(e instanceof ApiError ? e.message : reasonOf(e));
    });
    return () => run.close();
  }, [turn]);

  const run = live.current;
  if (refused) return <TokenForm text={refused} onToken={() => again(0)} />;
  if (!run?.model || (run.state === "connecting" && run.model.n === 0 && run.model.seq === 0 && !run.error))
    return run?.error ? <ErrorState title="No connection" text={`${run.error} Trying again.`} height={480} /> : <Loading height={480} />;
  return <RunView model={run.model} mode="live" live={run} />;
}
