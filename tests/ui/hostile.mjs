// Whatever things are called, the page shows it as text and does nothing else: 500 names for requests, checks, groups,
// tags, labels, notes, scripts, for what scripts throw, and for what a server answers.
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { check, checkInnocent, folder, getJson, go, openPage, run, startRun, startUi, test, waitFor, write } from "./browser.mjs";
import { HOSTILE, PLAIN } from "./hostile_names.mjs";

const STORE = path.join(folder, "hostile.db");
const SCRIPT = `
import http from "k6/http";
import { check, group, sleep } from "k6";
import { Trend, Counter } from "k6/metrics";
const names = JSON.parse(open("./names.json"));
const trend = new Trend("custom_trend", true);
const counter = new Counter("custom_counter");
export const options = { vus: 1, iterations: names.length, summaryTrendStats: ["p(95)"] };
export default function () {
  const name = names[__ITER];
  group(name, () => {
    const r = http.get(__ENV.TARGET + "/" + __ITER, { tags: { name, extra: name } });
    check(r, { [name]: (x) => x.status === 200, ["not " + name]: (x) => x.status !== 200 });
  });
  trend.add(__ITER, { what: name });
  counter.add(1, { what: name });
  sleep(0.008); // long enough for the page to see some of it come
  throw name;
}
`;

/** A target that answers every third request with an error, and everything in hostile words. */
function startServer() {
  const server = http.createServer((request, response) => {
    const n = Number(request.url.slice(1)) || 0;
    const text = HOSTILE[n % HOSTILE.length];
    response.writeHead(n % 3 ? 200 : 500, { "Content-Type": "text/html", "X-Hostile": encodeURIComponent(text).slice(0, 500) + "<script>window.__pwned=1</script>" });
    response.end(text);
  });
  return new Promise((done) => server.listen(0, "127.0.0.1", () => done(`http://127.0.0.1:${server.address().port}`)));
}

/** Scrolls through everything that scrolls and gives all text that was there at some time. */
async function readAll(page) {
  return page.evaluate(async () => {
    // Preact draws after a frame, a virtual table after that: three frames and a turn of the loop.
    const next = () => new Promise((done) => requestAnimationFrame(done));
    const frame = async () => {
      for (let i = 0; i < 3; i++) await next();
      await new Promise((done) => setTimeout(done, 0));
    };
    const seen = new Set();
    const read = (root) => {
      const walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
      while (walk.nextNode()) seen.add(walk.currentNode.data);
    };
    for (let y = 0; y < document.documentElement.scrollHeight; y += innerHeight) {
      scrollTo(0, y);
      await frame();
    }
    read(document.body);
    for (const box of document.querySelectorAll(".table-box")) {
      box.scrollIntoView();
      for (let y = 0; y < box.scrollHeight; y += Math.max(100, box.clientHeight - 100)) {
        box.scrollTop = y;
        await frame();
        read(box);
      }
    }
    for (const tab of document.querySelectorAll("[role=tab]")) {
      tab.click();
      await frame();
    }
    read(document.body);
    return [...seen].join("\u0001");
  });
}

/** What shows a name shows it as it is. */
function checkShown(where, text, names) {
  const missing = names.filter((name) => !text.includes(name));

  check(`${where}: names are shown as they are`, missing.length === 0, `${missing.length} of ${names.length} missing: ${missing.slice(0, 5).join(" | ")}`);
}

/** The names of requests that a run's document has: it holds so many endpoints, and the rest together. */
async function namesOf(url, id) {
  const doc = await getJson(`${url}api/runs/${encodeURIComponent(id)}?steps=2`);
  const names = new Set(doc.entries.filter((e) => e.by === "endpoint").map((e) => e.tags.name));
  const shown = PLAIN.filter((name) => names.has(name));

  check("the document has most of the names", shown.length >= 200, shown.length);
  return shown;
}

/** Opens the first captured exchanges, where whole answers are. */
async function openExchanges(page) {
  const rows = page.locator("#errors tr.clickable");
  const tab = page.getByRole("tab", { name: /exchanges/i });

  if (await tab.count()) await tab.first().click();
  for (let i = 0; i < Math.min(3, await rows.count()); i++) {
    await rows.nth(i).click();
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
  }
  return rows.count();
}

/** Opens the first of what the script threw, where stacks are. */
async function openExceptions(page) {
  const rows = page.locator("#exceptions tr.clickable");

  for (let i = 0; i < Math.min(3, await rows.count()); i++) {
    const name = await rows.nth(i).locator("td").first().innerText();
    await rows.nth(i).click();
    const text = await page.getByRole("dialog").innerText();
    check("an exception's dialog has its words", text.includes(name.trim().slice(0, 40)), `${name} | ${text}`);
    await page.keyboard.press("Escape");
  }
  return rows.count();
}

await test(async () => {
  const target = await startServer();
  const fileName = "<img src=x onerror=window.__pwned=1> ${x} {{7*7}} \u202e'\".js";
  write("names.json", JSON.stringify(HOSTILE));
  const script = write(fileName, SCRIPT);
  const env = { TARGET: target };
  const args = ["-e", `TARGET=${target}`, "--store", STORE, "--tag", `<b>t</b>=${HOSTILE[0]}`];

  // live: the page is there from the beginning, and after the end
  const live = await startRun(script, [...args, "--linger", "--report", path.join(folder, "report.html")], { env });
  const page = await openPage(live.url);
  await waitFor("the run to end", async () => (await getJson(`${live.url}api/live`)).run?.state !== "running", 60);
  await page.waitForTimeout(1500);
  check("live page: what was thrown is there without a reload", (await page.locator("#exceptions tr.clickable").count()) > 0);
  const [first] = (await getJson(`${live.url}api/runs`)).runs;
  const names = await namesOf(live.url, first.id);
  checkShown("live page", await readAll(page), names);
  await checkInnocent(page, "live page");
  await live.stop("SIGINT");

  const second = await run(["run", "--quiet", ...args, script], { env });
  check("a second run", second.code === 0 || second.code === 99, second.output.slice(-500));

  // the store
  const ui = await startUi(STORE);
  const { runs } = await getJson(`${ui.url}api/runs`);
  for (const r of runs) {
    const answer = await fetch(`${ui.url}api/runs/${encodeURIComponent(r.id)}`, {
      method: "PATCH",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ labels: PLAIN.slice(0, 20), note: PLAIN.slice(0, 50).join(" ") }),
    });
    check("hostile labels and note are taken", answer.ok, `${answer.status} ${await answer.text()}`);
  }
  const stored = await openPage(`${ui.url}#/runs/${runs[0].id}`);
  await stored.waitForSelector("[data-stat=p95]");
  checkShown("stored run", await readAll(stored), await namesOf(ui.url, runs[0].id));
  check("stored run: there are captured exchanges", (await openExchanges(stored)) > 0);
  check("stored run: there is what was thrown", (await openExceptions(stored)) > 0);
  await checkInnocent(stored, "stored run");

  await go(stored, "#/runs");
  await stored.waitForSelector("tr[data-run]");
  checkShown("history", await readAll(stored), [fileName, PLAIN[0]]);
  await checkInnocent(stored, "history");

  await go(stored, `#/compare/${runs[0].id}/${runs[1].id}`);
  await stored.waitForSelector("[data-verdict]", { timeout: 60_000 });
  await readAll(stored);
  await checkInnocent(stored, "comparison");

  await go(stored, `#/trend/${encodeURIComponent(runs[0].script)}`);
  await stored.waitForSelector("#changes, .state-title"); // runs that are invalid have no trend
  await readAll(stored);
  await checkInnocent(stored, "trend", /404/);

  for (const hash of PLAIN.slice(0, 25).flatMap((s) => [`#/runs/${s}`, `#/trend/${encodeURIComponent(s)}`, `#${s}`])) await go(stored, hash);
  await stored.waitForTimeout(300);
  await checkInnocent(stored, "hostile addresses", /40[04]/); // runs that are not there, as the browser tells it

  // the report
  const file = path.join(folder, "report.html");
  check("there is a report", fs.existsSync(file));
  const report = await openPage(pathToFileURL(file).href, { offline: true });
  await report.waitForSelector("[data-stat=p95]");
  checkShown("report", await readAll(report), names);
  await checkInnocent(report, "report");
});
