// The page of a running test: its numbers at the end are the summary's, nothing moves while they come, and the controls
// do what they say.
import fs from "node:fs";
import path from "node:path";
import { check, checkInnocent, checkNear, folder, getJson, go, layoutShift, openPage, startRun, startTarget, test, waitFor, write } from "./browser.mjs";

const SCRIPT = `
import http from "k6/http";
import { check, sleep, group } from "k6";
import { Trend } from "k6/metrics";
const size = new Trend("page_size");
export const options = {
  scenarios: { main: { executor: "constant-vus", vus: 3, duration: __ENV.LENGTH } },
  thresholds: { http_req_duration: ["p(95)<5000"], checks: ["rate>0.4"] },
};
export default function () {
  group("read", () => {
    const r = http.get(__ENV.TARGET + "/bytes/200", { tags: { name: "bytes" } });
    check(r, { "is 200": (x) => x.status === 200, "is never": () => false });
    size.add(r.body ? r.body.length : 0);
  });
  http.get(__ENV.TARGET + "/status/503", { tags: { name: "broken" } });
  sleep(0.02);
}
`;

/** A figure of the page, to its last digit. */
async function stat(page, name) {
  const text = await page.locator(`[data-stat="${name}"]`).first().getAttribute("data-value");
  return text === null ? null : Number(text);
}

async function checkNumbers(page, summary) {
  const m = summary.metrics;

  check("requests are the summary's", (await stat(page, "requests")) === m.http_reqs.count, `${await stat(page, "requests")} ${m.http_reqs.count}`);
  check("iterations are the summary's", (await stat(page, "iterations")) === m.iterations.count, `${await stat(page, "iterations")} ${m.iterations.count}`);
  checkNear("the failed share is the summary's", await stat(page, "failed"), m.http_req_failed.value);
  checkNear("p95 is the summary's", await stat(page, "p95"), m.http_req_duration["p(95)"]);
  checkNear("checks are the summary's", await stat(page, "checks"), m.checks.value);
}

async function numbers(target) {
  const file = path.join(folder, "summary.json");
  const run = await startRun(write("live.js", SCRIPT), ["--linger", "--summary-export", file, "-e", `TARGET=${target.url}`, "-e", "LENGTH=12s"]);
  const page = await openPage(run.url);

  await page.waitForSelector("[data-stat=requests]");
  const first = await stat(page, "requests");
  await waitFor("the numbers to move", async () => (await stat(page, "requests")) > first);
  check("numbers move while the test runs", true);
  await waitFor("the end", async () => (await getJson(`${run.url}api/live`)).run?.state !== "running", 30);
  await waitFor("the page to say so", async () => (await page.getByText(/^finished$/i).count()) > 0);
  await page.waitForTimeout(500);
  await checkNumbers(page, JSON.parse(fs.readFileSync(file, "utf8")));
  const shift = await layoutShift(page);
  check("nothing moved while numbers came", shift.sum < 0.01, `${shift.sum}: ${shift.list.join("; ")}`);
  await checkInnocent(page, "live page");

  const { runs } = await getJson(`${run.url}api/runs`);
  await go(page, `#/runs/${runs[0].id}`);
  await waitFor("the stored run", async () => (await page.locator("[data-stat=p95]").count()) > 0 && page.url().includes(runs[0].id));
  await page.waitForTimeout(500);
  await checkNumbers(page, JSON.parse(fs.readFileSync(file, "utf8")));
  await run.stop("SIGINT");
  await page.context().close();
}

async function controls(target) {
  const run = await startRun(write("live.js", SCRIPT), ["-e", `TARGET=${target.url}`, "-e", "LENGTH=60s"]);
  const page = await openPage(run.url);
  const status = async () => (await getJson(`${run.url}v1/status`)).data.attributes;

  await page.getByRole("button", { name: "Pause" }).click();
  await waitFor("the pause", async () => (await status()).paused === true);
  check("Pause pauses", true);
  await page.getByRole("button", { name: "Resume" }).click();
  await waitFor("its end", async () => (await status()).paused === false);
  check("Resume resumes", true);

  await page.getByRole("button", { name: "Scale main" }).click();
  await page.getByRole("dialog").getByRole("textbox").fill("7");
  await page.getByRole("dialog").getByRole("button", { name: "Scale" }).click();
  await waitFor("7 users", async () => (await status()).vus === 7);
  check("Scale scales", true);
  await waitFor("the page to show them", async () => (await stat(page, "vus")) === 7);
  check("... and the page shows it", true);

  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Stop the test" }).click();
  await waitFor("the end of the process", () => run.code !== null, 20);
  check("Stop stops, with its exit code", run.code === 103, `${run.code} ${run.output.slice(-500)}`);
  // The server has gone with its run, which the browser calls an error; nothing else may be one.
  await checkInnocent(page, "after the end", /ERR_|Failed to load resource/);
}

await test(async () => {
  const target = await startTarget();

  await numbers(target);
  await controls(target);
});
