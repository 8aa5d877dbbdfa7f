// Follows a running test: its past from the store, then the stream's ticks; again from the store after a break.
import { ApiError, reasonOf } from "./api";
import type { Frame, MetricInfo, RunDoc, RunInfo } from "./doc";
import { RunModel } from "./run_model";
import { retryDelay, type SseEvent } from "./sse";

export type LiveState = "connecting" | "live" | "waiting" | "ended";

/** Where it gets things from: the API, or a test. */
export interface LiveSource {
  live: () => Promise<{ run: RunInfo | null; seq: number }>;
  doc: (id: string) => Promise<RunDoc>;
  /** Reads the stream until it ends or breaks. */
  events: (signal: AbortSignal, emit: (event: SseEvent) => void) => Promise<void>;
  sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  random: () => number;
}

const KEEP_FRAMES = 120; // of the last ticks: a document that is read anew may lag so far behind
const RELOAD_AFTER = 1200; // steps from the stream, then the document is read again, thinned
const DOC_TRIES = 4;
const DOC_WAIT_MS = 700;

interface Entries {
  add?: Frame["add"];
  metrics?: Record<string, MetricInfo>;
}

/** What came in the stream's first event: {"add": [...]} or the list alone. */
function entriesOf(data: unknown): Entries {
  return Array.isArray(data) ? { add: data as Frame["add"] } : (data as Entries);
}

export class LiveRun {
  model: RunModel | null = null;
  state: LiveState = "connecting";
  error = ""; // why it waits
  none = false; // this process has no run

  private stop = new AbortController();
  private frames: Frame[] = [];
  private ready = false; // the document is in
  private tries = 0;
  private ended = false;

  constructor(
    private source: LiveSource,
    private changed: () => void,
  ) {}

  close(): void {
    this.stop.abort();
  }

  /** Until the run has ended or close() is called. */
  async follow(): Promise<void> {
    const { signal } = this.stop;

    while (!signal.aborted && !this.ended && !this.none) {
      try {
        await this.connect();
      } catch (e) {
        if (signal.aborted) return;
        this.error = reasonOf(e);
        if (e instanceof ApiError && (e.status === 401 || e.status === 403)) throw e;
      }
      if (signal.aborted || this.ended || this.none) break;
      this.to("waiting");
      await this.source.sleep(retryDelay(this.tries++, this.source.random()), signal).catch(() => undefined);
    }
  }

  private async connect(): Promise<void> {
    const { run } = await this.source.live();

    if (!run) {
      this.none = true;
      this.changed();
      return;
    }
    if (!this.model || this.model.run.id !== run.id) this.model = new RunModel(run);
    else Object.assign(this.model.run, run);
    this.model.forgetIds();
    this.frames = [];
    this.ready = false;
    await this.source.events(this.stop.signal, (e) => this.take(e));
    if (!this.ended && this.model.run.state !== "running") await this.finish();
  }

  private take(e: SseEvent): void {
    const { model } = this;
    if (!model) return;

    if (e.event === "entries") {
      const { add, metrics } = entriesOf(JSON.parse(e.data));
      model.define(add ?? [], metrics);
      void this.read(model.run.id);
    } else if (e.event === "frame") this.frame(JSON.parse(e.data) as Frame);
    else if (e.event === "end") void this.finish((JSON.parse(e.data) as { run?: Partial<RunInfo> }).run);
  }

  private frame(frame: Frame): void {
    const { model } = this;
    if (!model) return;

    this.frames.push(frame);
    if (this.frames.length > KEEP_FRAMES) this.frames.shift();
    if (!this.ready) return;
    model.apply(frame);
    this.changed();
    if (model.added >= RELOAD_AFTER) {
      model.added = 0;
      void this.read(model.run.id);
    }
  }

  /** Reads the document, again while it lacks ticks that the stream does not have either. */
  private async read(id: string): Promise<void> {
    for (let i = 0; i < DOC_TRIES && !this.stop.signal.aborted; i++) {
      let doc: RunDoc;
      try {
        doc = await this.source.doc(id);
      } catch (e) {
        if (!(e instanceof ApiError) || e.status !== 404) this.error = reasonOf(e);
        break; // not kept: the stream alone has it
      }
      const first = this.frames[0]?.seq;
      if (first === undefined || first <= doc.timeline.seq + 1 || i === DOC_TRIES - 1) {
        this.start(doc);
        return;
      }
      await this.source.sleep(DOC_WAIT_MS, this.stop.signal).catch(() => undefined);
    }
    this.start(null);
  }

  private start(doc: RunDoc | null): void {
    const { model } = this;
    if (!model || this.stop.signal.aborted) return;

    const live = { ...model.run };
    if (doc) model.load(doc);
    for (const frame of this.frames) model.apply(frame);
    if (this.frames.length === 0 && live.state === "running") Object.assign(model.run, { ...live, headline: model.run.headline ?? live.headline });
    this.ready = true;
    this.tries = 0;
    this.error = "";
    this.to(this.ended ? "ended" : "live");
  }

  /** The run is over: its last document has what the stream had, and the end. */
  private async finish(run: Partial<RunInfo> = {}): Promise<void> {
    const { model } = this;
    if (this.ended || !model) return;

    this.ended = true;
    Object.assign(model.run, run);
    try {
      const doc = await this.source.doc(model.run.id);
      if (doc.timeline.seq >= model.seq) model.load(doc);
      else Object.assign(model.run, doc.run);
    } catch {
      // The program has gone: what is here stays, and nothing can be changed any more.
      model.run.stage = "over";
      model.run.controllable = false;
    }
    this.to("ended");
  }

  private to(state: LiveState): void {
    this.state = state;
    if (this.model) this.model.version++;
    this.changed();
  }
}
