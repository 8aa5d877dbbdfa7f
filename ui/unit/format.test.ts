import assert from "node:assert/strict";
import { test } from "node:test";
import {
  formatAgo,
  formatBytes,
  formatClock,
  formatCount,
  formatDelta,
  formatFor,
  formatMs,
  formatNumber,
  formatShare,
  formatSpan,
  NOTHING,
  titleOf,
} from "../src/lib/format";

function table(format: (v: number) => string, rows: [number, string][]): void {
  for (const [value, text] of rows) assert.equal(format(value), text, `of ${value}`);
}

test("nothing is a dash, in every format", () => {
  for (const f of [formatCount, formatNumber, formatMs, formatSpan, formatClock, formatBytes, formatShare, formatDelta])
    for (const v of [null, undefined, NaN]) assert.equal(f(v), NOTHING);
});

test("numbers have three digits, and no unit before they need one", () => {
  table(formatNumber, [
    [0, "0"], [7, "7"], [0.042, "0.042"], [1.005, "1.00"], [12.34, "12.3"], [99.96, "100"], [999.4, "999"], [999.6, "1,000"],
    [12_345, "12,345"], [1_234_567, "1.23 M"], [2.5e9, "2.50 G"], [-1234, "-1,234"],
  ]);
  assert.equal(formatCount(1_234_567), "1,234,567");
});

test("durations change their unit before they get four digits", () => {
  table(formatMs, [
    [0, "0 ms"], [0.0004, "0.4 µs"], [0.42, "420 µs"], [0.9996, "1.00 ms"], [12.34, "12.3 ms"], [999.4, "999 ms"], [999.6, "1.00 s"],
    [59_949, "59.9 s"], [59_951, "1 m 00 s"], [125_000, "2 m 05 s"], [7_260_000, "2 h 01 m"],
  ]);
  table(formatSpan, [[0, "0 s"], [0.5, "0.5 s"], [9.99, "10 s"], [59.6, "1 m 00 s"], [3599.7, "1 h 00 m"], [90_000, "1 d 1 h"]]);
});

test("clocks carry over", () => {
  table(formatClock, [[0, "0:00"], [59.6, "1:00"], [3600, "1:00:00"], [3725, "1:02:05"], [-3, "0:00"]]);
  assert.equal(formatClock(1.25, true), "0:01.3");
  assert.equal(formatClock(59.96, true), "1:00");
});

test("bytes are of powers of a thousand", () => {
  table(formatBytes, [[0, "0 B"], [999, "999 B"], [999.6, "1.00 kB"], [1500, "1.50 kB"], [2_400_000, "2.40 MB"], [3e15, "3.00 PB"]]);
});

test("a share is never rounded to all or nothing", () => {
  table(formatShare, [
    [0, "0 %"], [1, "100 %"], [0.00001, "< 0.01 %"], [0.99995, "> 99.99 %"], [0.9996, "99.96 %"], [0.0012, "0.12 %"], [0.1234, "12.3 %"], [0.5, "50 %"],
  ]);
});

test("changes have a sign, zero has none", () => {
  table(formatDelta, [[4.21, "+4.2 %"], [-12, "−12.0 %"], [0.001, "0 %"], [-0.001, "0 %"], [1234, "+1,234 %"]]);
});

test("units come from what a metric contains, then from its name", () => {
  assert.equal(formatFor("time", "trend")(1500), "1.50 s");
  assert.equal(formatFor("data", "counter")(1500), "1.50 kB");
  assert.equal(formatFor("default", "rate")(0.25), "25 %");
  assert.equal(formatFor("default", "gauge", "wait_seconds")(1.5), "1.50 s");
  assert.equal(formatFor("default", "gauge", "heap_bytes")(2000), "2.00 kB");
  assert.equal(formatFor("default", "gauge", "orders")(2000), "2,000");
});

test("how long ago", () => {
  const now = Date.UTC(2026, 10, 21, 12);
  table((s) => formatAgo(now - s * 1000, now), [[5, "just now"], [119, "1 min ago"], [7200, "2 h ago"], [3 * 86_400, "3 d ago"]]);
});

test("titles", () => {
  assert.equal(titleOf("scale-vus"), "Scale VUs");
  assert.equal(titleOf("setup_data"), "Setup data");
});
