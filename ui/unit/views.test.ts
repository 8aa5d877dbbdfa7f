import assert from "node:assert/strict";
import { test } from "node:test";
import { stack, type ChartData } from "../src/components/chart_plot";
import { heatGrid } from "../src/components/heatmap";
import { sparkPath } from "../src/components/sparkline";
import { arrange } from "../src/components/table";
import { errorText, splitToken } from "../src/lib/api";
import { ChartGroup, nearest } from "../src/lib/chart_group";
import { checkConnection, type ConnectionForm } from "../src/lib/connection";
import type { RunEvent } from "../src/lib/doc";
import { seconds, targetRate } from "../src/lib/plan";
import { href, parseRoute } from "../src/lib/route";
import { distance } from "../src/lib/threshold";
import { commonOrigin } from "../src/views/run/endpoints";
import { exceptionName, workersText } from "../src/views/run/exceptions";

test("a token is taken out of the address, wherever it stands", () => {
  assert.deepEqual(splitToken("#token=a%2Fb"), { hash: "#/", token: "a/b" });
  assert.deepEqual(splitToken("#/runs?token=x"), { hash: "#/runs", token: "x" });
  assert.deepEqual(splitToken("#/runs?q=1&token=x"), { hash: "#/runs?q=1", token: "x" });
  assert.deepEqual(splitToken("#/runs"), { hash: "#/runs", token: null });
});

test("an error's body in each of its forms", () => {
  assert.equal(errorText(409, '{"errors":[{"title":"Conflict","detail":"the test is over"}]}'), "the test is over");
  assert.equal(errorText(400, '{"error":"no"}'), "no");
  assert.equal(errorText(502, "<html>"), "<html>");
  assert.equal(errorText(500, ""), "the server answered 500");
});

test("routes, with names that have anything in them", () => {
  const odd = "a/b?c#d %";
  assert.deepEqual(parseRoute(href("trend", odd)).args, [odd]);
  assert.equal(parseRoute("").view, "live");
  assert.equal(parseRoute("#/runs").view, "runs");
  assert.equal(parseRoute("#/runs/7").view, "run");
  assert.equal(parseRoute("#/nonsense").view, "unknown");
  assert.deepEqual(parseRoute("#/runs/%E0%A4%A").args, ["%E0%A4%A"]);
  assert.equal(parseRoute("#/compare/a/b?threshold=5").query.get("threshold"), "5");
});

test("the nearest point", () => {
  const xs = [1, 2, 4, 8];
  assert.deepEqual([-1, 1.4, 1.6, 3, 7, 99].map((x) => nearest(xs, 4, x)), [0, 0, 1, 1, 3, 3]);
  assert.equal(nearest([], 0, 1), -1);
});

test("a group tells its charts once, and takes no empty range", () => {
  const group = new ChartGroup();
  const told: string[] = [];
  const leave = group.subscribe((what) => told.push(what));

  group.setCursor(3);
  group.setCursor(3);
  group.setRange([5, 5]);
  group.setRange([1, 5]);
  leave();
  group.setRange(null);
  assert.deepEqual(told, ["cursor", "range"]);
});

test("stacking adds from the last series on, over gaps and hidden ones", () => {
  const data: ChartData = [[1, 2], [1, null], [10, 10], [100, 100]];
  assert.deepEqual(stack(data, [true, true, true]).slice(1), [[111, 110], [110, 110], [100, 100]]);
  assert.deepEqual(stack(data, [true, false, true]).slice(1), [[101, 100], [100, 100], [100, 100]]);
});

test("tables: every word of the filter, numbers as numbers, nothing last when descending, ties as they were", () => {
  const rows = [{ n: "GET /a10", v: 2 }, { n: "GET /a9", v: null }, { n: "PUT /b", v: 2 }, { n: "GET /c", v: 11 }];
  const name = { key: "n", title: "", value: (r: (typeof rows)[0]) => r.n };
  const value = { key: "v", title: "", value: (r: (typeof rows)[0]) => r.v };
  const names = (list: typeof rows) => list.map((r) => r.n.split("/")[1]);

  assert.deepEqual(names(arrange(rows, name, false, (r) => r.n, "get A")), ["a9", "a10"]);
  assert.deepEqual(names(arrange(rows, value, true, undefined, "x")), ["c", "a10", "b", "a9"]);
  assert.deepEqual(names(arrange(rows, undefined, false, undefined, "")), ["a10", "a9", "b", "c"]);
});

test("a heat map adds steps that share a column and leaves out what is not shown", () => {
  const times = [1, 2, 3, 4];
  const rows = [[-4, 1], [-4, 2, -3, 5], [], [-2, 7]];
  const two = heatGrid(times, rows, null, 2);

  assert.deepEqual([two?.from, two?.buckets, two?.columns, two?.max], [-4, 3, 2, 7]);
  assert.deepEqual([...(two?.counts ?? [])], [3, 5, 0, 0, 0, 7]);
  assert.equal(heatGrid(times, rows, [0, 2], 9)?.buckets, 2);
  assert.equal(heatGrid(times, [[], [], [], []], null, 9), null);
  assert.equal(heatGrid([], [], null, 9), null);
  assert.equal(heatGrid([1], [[-1e9, 1, 1e9, 1]], null, 9), null);
});

test("a sparkline's gaps are gaps, and it stays in its box", () => {
  assert.equal(sparkPath([], 50, 20), "");
  assert.equal((sparkPath([1, null, 2, 3], 50, 20).match(/M/g) ?? []).length, 2);
  for (const [, y] of sparkPath([0, 5, 1e9, -4], 50, 20).matchAll(/[ML][\d.]+ ([\d.]+)/g)) assert.ok(Number(y) >= 0 && Number(y) <= 20);
});

test("exceptions are called by what is known of them", () => {
  const e = { kind: "KeyError", message: "'id'", place: "", scenario: "", count: 1, first_ms: 0, last_ms: 0, first_t: 0, last_t: 0, workers: [], others: false, stack: "" };
  assert.deepEqual([e, { ...e, kind: "" }, { ...e, message: "" }, { ...e, kind: "", message: "" }].map(exceptionName), ["KeyError: 'id'", "'id'", "KeyError", "without a message"]);
  assert.ok(exceptionName({ ...e, others: true }).includes("others"));
  assert.deepEqual([workersText(e), workersText({ ...e, workers: [1, 3] })], ["local", "1, 3"]);
});

test("durations of options", () => {
  assert.deepEqual(["1m30s", "500ms", 1500, "2h", "1.5s", "1500", "x", "", "1m x", null].map(seconds), [90, 0.5, 1.5, 7200, 1.5, 1.5, null, null, null, null]);
});

test("the target: stages, start times, what somebody changed, nothing outside", () => {
  const options = {
    scenarios: {
      a: { executor: "ramping-arrival-rate", startRate: 0, timeUnit: "1m", stages: [{ duration: "10s", target: 600 }, { duration: "10s", target: 600 }] },
      b: { executor: "constant-arrival-rate", rate: 5, duration: "10s", startTime: "15s" },
      c: { executor: "constant-vus", vus: 5, duration: "10s" },
    },
  };
  const scaled: RunEvent[] = [{ at_ms: 0, t: 18, kind: "scale-rate", text: "", scenario: "b", to: 50 }];

  assert.deepEqual(targetRate({ options }, [], [0, 5, 12, 16, 24, 26]), [0, 5, 10, 15, 5, null]);
  assert.deepEqual(targetRate({ options }, scaled, [16, 19]), [15, 60]);
  const pauses = [{ at_ms: 0, t: 17, kind: "pause", text: "" }, { at_ms: 0, t: 18, kind: "resume", text: "" }];
  assert.deepEqual(targetRate({ options }, pauses, [16, 17.5, 19]), [15, 0, 15]);
  assert.equal(targetRate({ options: { scenarios: { c: options.scenarios.c } } }, [], [1]), null);
  assert.equal(targetRate({}, [], [1]), null);
  assert.equal(targetRate({ options: { scenarios: { a: { executor: "ramping-arrival-rate", stages: "x" } } } }, [], [1]), null);
});

test("the distance to a limit, on either side and at zero", () => {
  assert.equal(distance({ op: "<", limit: 500, value: 400 })?.text, "20 % below");
  assert.equal(distance({ op: "<", limit: 500, value: 600 })?.room, -0.2);
  assert.equal(distance({ op: ">=", limit: 0.95, value: 0.95 })?.text, "at the limit");
  assert.equal(distance({ op: "<", limit: 0, value: 3 })?.room, -1);
  assert.equal(distance({ op: "<", limit: 1, value: 25 })?.text, "24× above");
  assert.equal(distance({ op: "==", limit: 1, value: 1 }), null);
  assert.equal(distance({ op: "<", limit: 1, value: null }), null);
});

test("an origin that all endpoints share", () => {
  assert.equal(commonOrigin(["https://a/x", "https://a/y?z"]), "https://a");
  assert.equal(commonOrigin(["https://a/x", "https://ab/y"]), "");
  assert.equal(commonOrigin(["login", "cart"]), "");
  assert.equal(commonOrigin(["https://a/x"]), "");
});

test("connections: what is wrong is said at its field", () => {
  const good: ConnectionForm = { name: "g", endpoint: "https://x.grafana.net/graphite/metrics", username: "1", key: "k", namespace: "lp.run_results", tags: "env:prod, team:perf", enabled: true, hasKey: false };
  const errors = (change: Partial<ConnectionForm>) => Object.keys(checkConnection({ ...good, ...change }, ["taken"]));

  assert.deepEqual(errors({}), []);
  assert.deepEqual(errors({ name: " " }), ["name"]);
  assert.deepEqual(errors({ name: "taken" }), ["name"]);
  assert.deepEqual(errors({ endpoint: "https://x.grafana.net/graphite" }), ["endpoint"]);
  assert.deepEqual(errors({ endpoint: "javascript:alert(1)" }), ["endpoint"]);
  assert.deepEqual(errors({ key: "" }), ["key"]);
  assert.deepEqual(errors({ key: "", hasKey: true }), []);
  assert.deepEqual(errors({ tags: "env" }), ["tags"]);
  assert.deepEqual(errors({ namespace: "a..b" }), ["namespace"]);
});
