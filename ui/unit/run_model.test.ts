import assert from "node:assert/strict";
import { test } from "node:test";
import { column, count, cumulative, latest, perSecondOf, recentRate, shareOf, thin, total } from "../src/lib/derive";
import { RunModel } from "../src/lib/run_model";
import { ADD, doc, frame, RUN } from "./testing";

test("a document's columns, with its gaps", () => {
  const m = RunModel.of(doc());
  const endpoint = m.find("time", "endpoint", { name: "/" });

  assert.deepEqual([...m.times()], [2, 4]);
  assert.deepEqual(column(m, m.whole("reqs"), "sum"), [10, 20]);
  assert.deepEqual(column(m, endpoint, "p50"), [4, null]);
  assert.deepEqual(column(m, endpoint, "no such"), [null, null]);
  assert.equal(total(endpoint, "p999"), 6);
  assert.equal(m.whole("time"), undefined);
});

test("frames go on where the document ended, with entries known by their tags in any order", () => {
  const m = RunModel.of(doc());
  m.define(ADD);

  assert.equal(m.apply(frame(3, { points: [[0, 8], [1, 1, 9, 9, 9, 9, 9, 9, 9]], totals: [[0, 38, 38], [1, 3, 19, 4, 9, 6, 9, 9, 9, 9]], heat: [{ metric: "time", row: [3, 1] }] })), "applied");
  assert.deepEqual([...m.times()], [2, 4, 6]);
  assert.deepEqual(column(m, m.whole("reqs"), "sum"), [10, 20, 8]);
  assert.equal(count(m.whole("reqs")), 38);
  assert.equal(m.all("time", "endpoint").length, 1);
  assert.deepEqual(column(m, m.find("time", "endpoint", { name: "/" }), "p50"), [4, null, 9]);
  assert.deepEqual(m.heat("time"), [[1, 2], [], [3, 1]]);
});

test("a tick is taken once, and one that is missing is told", () => {
  const m = RunModel.of(doc());
  m.define(ADD);

  assert.equal(m.apply(frame(2, { points: [[0, 99]] })), "old");
  assert.equal(m.apply(frame(5, { points: [[0, 1]] })), "gap");
  assert.equal(m.apply(frame(5, { points: [[0, 1]] })), "old");
  assert.deepEqual(column(m, m.whole("reqs"), "sum"), [10, 20, 1]);
});

test("an entry that comes later has gaps before, and columns grow as far as they must", () => {
  const m = RunModel.of(doc());
  m.define(ADD);
  for (let seq = 3; seq < 500; seq++) m.apply(frame(seq, { points: [[0, seq]] }));
  m.apply(frame(500, { metrics: { orders: { type: "counter", contains: "default", help: "", builtin: false } }, add: [{ id: 2, metric: "orders", by: "", tags: {} }], points: [[2, 4]], totals: [[2, 4, 4]] }));

  const orders = column(m, m.whole("orders"), "sum");
  assert.equal(orders.length, 500);
  assert.equal(orders[499], 4);
  assert.equal(orders.filter((v) => v !== null).length, 1);
  assert.equal(column(m, m.whole("reqs"), "sum")[498], 499);
  assert.equal(m.info("orders").builtin, false);
});

test("an entry whose metric is told later has the metric's type", () => {
  const m = new RunModel({ ...RUN });
  m.define([{ id: 0, metric: "reqs", by: "", tags: {} }]);
  m.define([], { reqs: { type: "counter", contains: "default", help: "", builtin: true } });
  m.apply(frame(1, { points: [[0, 5]], totals: [[0, 5, 5]] }));
  assert.equal(count(m.whole("reqs")), 5);
});

test("a document that is read again keeps the stream's ids, and what only the stream knows", () => {
  const m = RunModel.of(doc());
  m.define(ADD);
  m.apply(frame(3, { points: [[0, 8]], run: { paused: true, stage: "scenarios", controllable: true } }));
  m.load(doc(3));
  assert.equal(m.run.paused, true);
  assert.equal(m.run.controllable, true);
  m.apply(frame(4, { points: [[0, 6]] }));
  assert.deepEqual(column(m, m.whole("reqs"), "sum"), [10, 20, 6]);
});

test("numbers of the stream that mean nothing are left out", () => {
  const m = RunModel.of(doc());
  m.apply(frame(3, { add: [{ id: -1, metric: "x", by: "", tags: {} }, { id: 1e9, metric: "y", by: "", tags: {} }], points: [[77, 1], [-1, 2]], totals: [[78, 1]] }));
  assert.equal(m.n, 3);
  assert.equal(m.whole("x"), undefined);
});

test("what is derived: rates by the step's length, shares, sums", () => {
  const m = RunModel.of(doc());

  assert.deepEqual(perSecondOf(m, m.whole("reqs")), [5, 10]);
  assert.deepEqual(shareOf(m, m.whole("failed")), [0.1, 0.1]);
  assert.deepEqual(cumulative(m, m.whole("reqs"), "sum"), [10, 30]);
  assert.equal(recentRate(m, m.whole("reqs"), 2), 10);
  assert.equal(recentRate(m, m.whole("reqs"), 60), 7.5);
  assert.equal(latest(m, m.whole("vus"), "last"), 7);
  m.apply(frame(3));
  assert.deepEqual(perSecondOf(m, m.whole("reqs")), [5, 10, 0]);
  assert.deepEqual(shareOf(m, m.whole("failed")), [0.1, 0.1, null]);
  assert.equal(latest(m, m.whole("vus"), "last"), 7);
});

test("a last step that is much shorter than the one before makes no spike", () => {
  const m = RunModel.of(doc());
  m.define(ADD);
  m.apply({ ...frame(3), t: 4.1, dt: 0.1, points: [[0, 11], [1, 1, 9, 9, 9, 9, 9, 9, 9]] });
  assert.deepEqual(perSecondOf(m, m.whole("reqs")).map((v) => Math.round((v as number) * 10) / 10), [5, 10, 14.8]);
  assert.deepEqual(column(m, m.find("time", "endpoint", { name: "/" }), "p95"), [4, 6, null]);
  assert.deepEqual(cumulative(m, m.whole("reqs"), "sum"), [10, 30, 41]);
});

test("thinning keeps peaks and gaps", () => {
  assert.deepEqual(thin([1, 9, 2, 3, null, null], 3), [9, 3, null]);
  assert.deepEqual(thin([1, 2], 3), [1, 2]);
});
