// The page of a run with a thousand series draws frame by frame. Frames a second and the longest task are printed, for
// they are of the machine and all that runs on it; what fails is a page that needs too much processor time for a tick.
import { check, checkInnocent, getJson, openPage, startRun, startTarget, test, waitFor, write } from "./browser.mjs";

const NAMES = 220; // requests' names: each has five entries on the page, and a dozen series in the program
const SERIES_MIN = 1000;
const WINDOWS = 4;
const WINDOW_MS = 3000;
const TICK_MS = 1000;
const TICK_MAX_MS = 200; // of processor time: no task can be longer
const SCRIPT = `
import http from "k6/http";
import { sleep } from "k6";
export const options = { vus: 3, duration: "60s" };
export default function () {
  const n = (__ITER * 3 + __VU) % ${NAMES};
  http.get(__ENV.TARGET + "/bytes/100", { tags: { name: "endpoint " + n } });
  sleep(0.01);
}
`;

/** Intervals between frames and the longest task, while the page goes on as it does. */
async function look(page) {
  return page.evaluate(async (ms) => {
    const intervals = [];
    const end = performance.now() + ms;
    let last = null;
    window.__seen.longest = 0;
    while (performance.now() < end) {
      const now = await new Promise((done) => requestAnimationFrame(done));
      if (last !== null) intervals.push(now - last);
      last = now;
    }
    intervals.sort((a, b) => a - b);
    return {
      fps: 1000 / (intervals.reduce((a, b) => a + b, 0) / intervals.length),
      p95: intervals[Math.floor(intervals.length * 0.95)],
      longest: window.__seen.longest,
    };
  }, WINDOW_MS);
}

await test(async () => {
  const target = await startTarget();
  const run = await startRun(write("speed.js", SCRIPT), ["-e", `TARGET=${target.url}`]);
  const page = await openPage(run.url);

  await page.waitForSelector("[data-stat=p95]");
  await waitFor("all endpoints", async () => (await page.locator("#endpoints tbody tr").count()) > 20, 30);
  const n_series = await waitFor("a thousand series", () => seriesOf(run.url), 30);
  check(`there are ${n_series} series`, n_series >= SERIES_MIN);

  const perTick = [];
  for (let i = 0; i < WINDOWS; i++) {
    const before = await page.processorMs();
    const w = await look(page);
    perTick.push(((await page.processorMs()) - before) / (WINDOW_MS / TICK_MS));
    console.log(
      `     ${w.fps.toFixed(1)} frames a second, 95 % within ${w.p95.toFixed(1)} ms, longest task ${w.longest.toFixed(0)} ms, ` +
        `${perTick[i].toFixed(0)} ms of processor time a tick`,
    );
  }
  check(`a tick takes at most ${TICK_MAX_MS} ms of processor time`, Math.min(...perTick) <= TICK_MAX_MS, perTick.join());
  await checkInnocent(page, "page of many series");
  await run.stop("SIGINT");
});

/** How many entries the run's document has, each of which is a series of the page; null while there are too few. */
async function seriesOf(url) {
  const doc = await getJson(`${url}api/runs/latest?steps=10`);
  const n = doc.entries.filter((e) => e.points).length;

  return n >= SERIES_MIN ? n : null;
}
