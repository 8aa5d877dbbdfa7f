import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "../src/lib/api";
import { column } from "../src/lib/derive";
import type { Frame, RunDoc } from "../src/lib/doc";
import { LiveRun, type LiveSource } from "../src/lib/live";
import type { SseEvent } from "../src/lib/sse";
import { doc, frame, RUN } from "./testing";

const ENTRIES = JSON.stringify({ seq: 2, add: [{ id: 0, metric: "reqs", by: "", tags: {} }] });
/** Lets everything go on that waits for a promise only. */
async function settle(): Promise<void> {
  for (let i = 0; i < 100; i++) await Promise.resolve();
}

/** A server whose stream the test writes, and whose connections it breaks. */
class Server implements LiveSource {
  docs: (RunDoc | Error)[] = [];
  asked = 0;
  connections = 0;
  slept: number[] = [];
  run: typeof RUN | null = RUN;
  random = () => 0.5;
  private emit: ((e: SseEvent) => void) | null = null;
  private end: ((e: Error | null) => void) | null = null;

  live = async () => ({ run: this.run && { ...this.run }, seq: 2 });

  doc = async () => {
    const next = this.docs[Math.min(this.asked++, this.docs.length - 1)];
    if (!next || next instanceof Error) throw next ?? new ApiError(404, "no such run");
    return next;
  };

  events = (signal: AbortSignal, emit: (e: SseEvent) => void) =>
    new Promise<void>((resolve, reject) => {
      this.connections++;
      this.emit = emit;
      this.end = (e) => (e ? reject(e) : resolve());
      signal.addEventListener("abort", () => reject(new Error("aborted")));
    });

  sleep = async (ms: number) => void this.slept.push(ms);

  async say(event: string, data: string | Frame): Promise<void> {
    this.emit?.({ event, data: typeof data === "string" ? data : JSON.stringify(data), id: "" });
    await settle();
  }

  async hangUp(e: Error | null = null): Promise<void> {
    this.end?.(e);
    await settle();
  }
}

async function begin(server: Server): Promise<LiveRun> {
  const live = new LiveRun(server, () => undefined);
  void live.follow();
  await settle();
  return live;
}

const sums = (live: LiveRun) => (live.model ? column(live.model, live.model.whole("reqs"), "sum") : []);

test("the past from the document, then the ticks that it lacks", async () => {
  const server = new Server();
  server.docs = [doc(2)];
  const live = await begin(server);

  void server.say("frame", frame(2, { points: [[0, 99]] }));
  void server.say("frame", frame(3, { points: [[0, 3]] }));
  await server.say("entries", ENTRIES);
  assert.equal(live.state, "live");
  assert.deepEqual(sums(live), [10, 20, 3]);
  await server.say("frame", frame(4, { points: [[0, 4]] }));
  assert.deepEqual(sums(live), [10, 20, 3, 4]);
  live.close();
});

test("a document that lags behind the stream is asked for again", async () => {
  const server = new Server();
  server.docs = [doc(2), doc(4)];
  const live = await begin(server);

  void server.say("frame", frame(5, { points: [[0, 5]] }));
  await server.say("entries", ENTRIES);
  assert.equal(server.asked, 2);
  assert.deepEqual(sums(live), [10, 20, 5]);
  live.close();
});

test("a run that is not kept is followed from the stream alone", async () => {
  const server = new Server();
  const live = await begin(server);

  await server.say("entries", JSON.stringify({ add: [{ id: 0, metric: "reqs", by: "", tags: {} }], metrics: doc().metrics }));
  await server.say("frame", frame(3, { points: [[0, 3]] }));
  assert.equal(live.state, "live");
  assert.deepEqual(sums(live), [3]);
  live.close();
});

test("after a break it connects again, later each time, and reads the past anew", async () => {
  const server = new Server();
  server.docs = [doc(2), doc(3)];
  const live = await begin(server);

  await server.say("entries", ENTRIES);
  await server.say("frame", frame(3, { points: [[0, 3]] }));
  await server.hangUp(new Error("reset"));
  assert.equal(server.connections, 2);
  await server.hangUp(new Error("reset"));
  await server.hangUp(new Error("reset"));
  assert.deepEqual(server.slept.slice(0, 3), [500, 1000, 2000]);
  assert.equal(live.error, "reset");
  await server.say("entries", ENTRIES);
  assert.equal(live.state, "live");
  assert.equal(live.error, "");
  await server.say("frame", frame(4, { points: [[0, 4]] }));
  assert.deepEqual(sums(live), [10, 20, 4]);
  await server.hangUp();
  assert.equal(server.slept[3], 500);
  live.close();
});

test("the end brings the last document, and nothing is asked after it", async () => {
  const server = new Server();
  const last = doc(3);
  last.run = { ...last.run, state: "finished", exit_code: 99 };
  server.docs = [doc(2), last];
  const live = await begin(server);

  await server.say("entries", ENTRIES);
  await server.say("frame", frame(3, { points: [[0, 3]] }));
  await server.say("end", "{}");
  await server.hangUp();
  assert.equal(live.state, "ended");
  assert.equal(live.model?.run.exit_code, 99);
  assert.equal(server.connections, 1);
});

test("a process without a run is not asked again", async () => {
  const server = new Server();
  server.run = null;
  const live = await begin(server);

  assert.equal(live.none, true);
  assert.equal(server.connections, 0);
});
