import assert from "node:assert/strict";
import { test } from "node:test";
import { SseParser, readEvents, retryDelay, type SseEvent } from "../src/lib/sse";

const STREAM = "\uFEFF: hello\n\nevent: entries\ndata: {\"a\":\ndata: 1}\n\nid: 7\r\nevent:frame\r\ndata:x\r\n\r\ndata\n\nevent: none\n\nretry: 5\rdata:  y\r\r";
const EVENTS = [["entries", '{"a":\n1}', ""], ["frame", "x", "7"], ["message", "", "7"], ["message", " y", "7"]];

function parse(pieces: string[]): string[][] {
  const parser = new SseParser();
  const out: string[][] = [];
  for (const p of pieces) parser.push(p, (e: SseEvent) => out.push([e.event, e.data, e.id]));
  return out;
}

test("a stream in one piece", () => assert.deepEqual(parse([`${STREAM}\n`]), EVENTS));

test("the same stream cut at every place", () => {
  for (let i = 0; i <= STREAM.length; i++) assert.deepEqual(parse([STREAM.slice(0, i), STREAM.slice(i), "\n"]), EVENTS, `cut at ${i}`);
});

test("the same stream a character at a time", () => assert.deepEqual(parse([...STREAM, "\n"]), EVENTS));

test("an event that was not ended is not an event", () => assert.deepEqual(parse(["data: half\n"]), []));

test("bytes are decoded over the edges of pieces", async () => {
  const bytes = new TextEncoder().encode("data: grün ☃\n\n");
  const body = new ReadableStream({
    start(c) {
      for (const b of bytes) c.enqueue(Uint8Array.of(b));
      c.close();
    },
  });
  const got: string[] = [];
  await readEvents(new Response(body), (e) => got.push(e.data));
  assert.deepEqual(got, ["grün ☃"]);
});

test("tries to connect get rarer, to a limit, and are spread", () => {
  assert.equal(retryDelay(0, 0.5), 500);
  assert.equal(retryDelay(1, 0.5), 1000);
  assert.equal(retryDelay(50, 0.5), 8000);
  assert.ok(retryDelay(3, 0) < retryDelay(3, 1));
});
