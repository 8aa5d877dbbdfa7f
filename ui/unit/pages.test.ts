import assert from "node:assert/strict";
import { test } from "node:test";
import { placeOf, reachOf } from "../src/components/interval_bar";
import { labelsOf } from "../src/components/run_edit";
import { commonTimes, perStepSecond, shareOf, valuesAt } from "../src/lib/align";
import { commonBuckets, distributionOf, shareIn, shareUpTo, type Distribution } from "../src/lib/distribution";
import type { ComparisonRow, RunDoc, RunInfo, RunList, Trend } from "../src/lib/doc";
import { figureOf, subjectOf } from "../src/lib/judgement";
import { PAGE, RunPages } from "../src/lib/run_pages";
import { levelsOf, valuesByTrust } from "../src/lib/trend_series";
import { toleranceOf } from "../src/views/compare";
import { marksOf } from "../src/views/compare_many";
import { formatP } from "../src/views/compare_two";

test("runs of different steps meet at the finer one's ends, each with its own step's value", () => {
  assert.deepEqual(commonTimes([[1, 2, 3, 4], [2, 4, 6]]), [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(valuesAt([1, 2, 3, 4, 5, 6], [2, 4, 6], [10, null, 30]), [10, 10, null, null, 30, 30]);
  assert.deepEqual(valuesAt([1, 2, 3], [1, 2], [5, 6]), [5, 6, null]);
  assert.deepEqual(commonTimes([[], []]), []);
});

test("amounts of steps become rates, parts become shares", () => {
  assert.deepEqual(perStepSecond([2, 4, 5], [10, null, 3]), [5, null, 3]);
  assert.deepEqual(shareOf([1, 0, null, 2], [4, 0, 5, null]), [0.25, null, null, null]);
});

test("a distribution is the sum of a heat map's rows", () => {
  const doc = { heat: [{ metric: "m", rows: [[3, 1, 5, 1], [], [3, 2]] }] } as unknown as RunDoc;
  const d = distributionOf(doc, "m") as Distribution;

  assert.deepEqual(d, { first: 3, counts: [3, 0, 1], total: 4 });
  assert.equal(shareIn(d, 3), 0.75);
  assert.equal(shareIn(d, 99), 0);
  assert.deepEqual([2, 3, 4, 5, 9].map((b) => shareUpTo(d, b)), [0, 0.75, 0.75, 1, 1]);
  assert.deepEqual(commonBuckets([d, { first: 4, counts: [1, 1, 1], total: 3 }]), [2, 3, 4, 5, 6]);
  assert.equal(distributionOf(doc, "other"), null);
});

function listOf(total: number): { asked: string[]; ask: (q: { offset?: number; limit?: number }) => Promise<RunList> } {
  const asked: string[] = [];
  const run = (i: number) => ({ id: `r-${i}`, state: i % 10 === 0 ? "failed" : "finished" }) as RunInfo;

  return {
    asked,
    ask: async ({ offset = 0, limit = 0 }) => {
      asked.push(`${offset}+${limit}`);
      const n = Math.max(0, Math.min(limit, total - offset));
      return { total, runs: Array.from({ length: n }, (_, i) => run(offset + i)) };
    },
  };
}

/** Lets every answer that is under way come. */
const settle = () => new Promise<void>((done) => setTimeout(done, 0));

test("pages are asked for once, when a row of theirs is seen", async () => {
  const { asked, ask } = listOf(1000);
  const pages = new RunPages(ask, {}, () => undefined);

  pages.start();
  await settle();
  assert.equal(pages.total, 1000);
  pages.need(0, 40);
  pages.need(350, 420);
  pages.need(360, 430);
  await settle();
  assert.deepEqual(asked, [`0+${PAGE}`, `300+${PAGE}`, `400+${PAGE}`]);
  assert.equal(pages.at(399)?.id, "r-399");
  assert.equal(pages.at(200), undefined);
});

test("a state is looked for in all pages", async () => {
  const { asked, ask } = listOf(250);
  const pages = new RunPages(ask, { state: "failed" }, () => undefined);

  pages.start();
  for (let i = 0; i < 10; i++) await settle();
  assert.equal(asked.length, 3);
  assert.equal(pages.total, 25);
  assert.equal(pages.at(24)?.id, "r-240");
});

test("a page that fails is told, and asked for again", async () => {
  let works = false;
  const pages = new RunPages(async () => (works ? { total: 1, runs: [{ id: "r" } as RunInfo] } : Promise.reject(new Error("away"))), {}, () => undefined);

  pages.start();
  await settle();
  assert.equal((pages.error as Error).message, "away");
  works = true;
  pages.start();
  await settle();
  assert.equal(pages.error, null);
  assert.equal(pages.at(0)?.id, "r");
});

test("best and worst are by what is better, and none where all are the same", () => {
  assert.deepEqual(marksOf([3, 1, 2], "lower"), ["worst", "best", null]);
  assert.deepEqual(marksOf([3, 1, null], "higher"), ["best", "worst", null]);
  assert.deepEqual(marksOf([2, 2], "lower"), [null, null]);
  assert.deepEqual(marksOf([1, 2], null), [null, null]);
});

test("an interval's place is cut at the bar's ends", () => {
  assert.deepEqual([-30, -10, 0, 5, 10, 99].map((v) => placeOf(v, 10)), [0, 0, 50, 75, 100, 100]);
  assert.ok(reachOf([], 10) >= 10);
  assert.ok(reachOf([{ low: -1, high: 1 }, { low: -2, high: 3 }, { low: -900, high: 900 }], 5) <= 200);
});

test("levels change at the change points; doubtful runs are apart", () => {
  const trend = {
    points: ["valid", "", "suspect", "invalid"].map((verdict, i) => ({ value: i, verdict })),
    changes: [{ index: 2, before: 10, after: 20 }, { index: 3, before: 20, after: 15 }],
  } as unknown as Trend;

  assert.deepEqual(levelsOf(trend), [10, 10, 20, 15]);
  assert.deepEqual(valuesByTrust(trend), { trusted: [0, 1, null, null], doubtful: [null, null, 2, 3] });
  assert.deepEqual(levelsOf({ ...trend, changes: [] }), [null, null, null, null]);
});

test("rows of a comparison say what they are of", () => {
  const row = (r: Partial<ComparisonRow>) => ({ metric: "http_req_duration", by: "", tags: {}, stat: "p(95)", ...r }) as ComparisonRow;

  assert.equal(subjectOf(row({})), "All requests");
  assert.equal(subjectOf(row({ by: "endpoint", tags: { name: "/a", method: "GET" } })), "GET /a");
  assert.equal(subjectOf(row({ by: "endpoint", tags: { name: "GET /a", method: "GET" } })), "GET /a");
  assert.equal(figureOf(row({})), "p(95)");
  assert.equal(figureOf(row({ metric: "http_reqs", stat: "rate" })), "Requests a second");
  assert.equal(figureOf(row({ metric: "mine", stat: "avg" })), "mine avg");
});

test("labels, p values and tolerances are read as they are meant", () => {
  assert.deepEqual(labelsOf(" a, b,, a ,"), ["a", "b"]);
  assert.deepEqual([null, 0.0004, 0.04, 1].map(formatP), ["–", "< 0.001", "0.040", "1.000"]);
  const of = (text: string) => toleranceOf(new URLSearchParams(text));
  assert.deepEqual(["", "threshold=2.5", "threshold=-1", "threshold=x", "threshold=1e9"].map(of), [undefined, 2.5, undefined, undefined, undefined]);
});
