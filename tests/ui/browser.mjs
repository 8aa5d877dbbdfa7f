// What the tests of the page share: a real program, a target to load, and a browser that watches what the page does.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const HERE = path.dirname(fileURLToPath(import.meta.url));
const fromUi = createRequire(path.join(HERE, "../../ui/package.json"));
const { chromium } = fromUi("playwright-core");

const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const CHROMIUM_ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

// ---- checks ----

let failures = 0;

export function check(name, truth, detail = "") {
  if (!truth) failures++;
  console.log(`${truth ? "ok  " : "FAIL"} ${name}${truth || detail === "" ? "" : `: ${String(detail).slice(0, 2000)}`}`);
  return truth;
}

/** Equal but for rounding. */
export function checkNear(name, got, wanted, tolerance = 1e-9) {
  const near = typeof got === "number" && Math.abs(got - wanted) <= tolerance * Math.max(1, Math.abs(wanted));
  return check(name, near, `${got} instead of ${wanted}`);
}

/** Runs a test to its end: cleans up whatever happens, and ends the process with what was found. */
export async function test(body) {
  try {
    await body();
  } catch (e) {
    check("no exception", false, e?.stack ?? e);
  }
  for (const clean of cleanups.reverse()) await clean().catch((e) => console.log(`cleaning up: ${e}`));
  process.exit(failures ? 1 : 0);
}

const cleanups = [];

export async function waitFor(what, probe, seconds = 15) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (Date.now() > end) throw new Error(`${what} did not happen within ${seconds} s`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

// ---- the program ----

export const brunt = path.resolve(process.argv[2] ?? "build/dev/brunt");
export const makeHistory = process.argv[3] && path.resolve(process.argv[3]);

/** A folder of the test's own, where the program's store and settings are too. */
export const folder = fs.mkdtempSync(path.join(os.tmpdir(), "brunt-ui-"));
cleanups.push(async () => fs.rmSync(folder, { recursive: true, force: true }));

export function environment(more = {}) {
  const env = { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder, PATH: process.env.PATH, LANG: "C.UTF-8", ...more };
  for (const name of ["ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"]) {
    if (process.env[name]) env[name] = process.env[name];
  }
  return env;
}

/** A process with what it said so far; it is ended with the test. */
export function start(args, { env = {}, cwd = folder, program = brunt } = {}) {
  const proc = spawn(program, args, { cwd, env: environment(env), stdio: ["ignore", "pipe", "pipe"] });
  const self = { proc, output: "", code: null };

  for (const stream of [proc.stdout, proc.stderr]) stream.on("data", (data) => (self.output += data));
  self.ended = new Promise((done) => proc.on("close", (code, signal) => done((self.code = code ?? signal))));
  self.stop = async (signal = "SIGTERM") => {
    if (self.code === null) proc.kill(signal);
    const timer = setTimeout(() => proc.kill("SIGKILL"), 10_000);
    await self.ended;
    clearTimeout(timer);
  };
  cleanups.push(() => self.stop());
  return self;
}

/** Runs it to its end; gives code and output. */
export async function run(args, options) {
  const self = start(args, options);
  await self.ended;
  return self;
}

async function addressOf(self, pattern, what) {
  await waitFor(`${what} saying its address`, () => {
    if (self.code !== null) throw new Error(`${what} ended with ${self.code}: ${self.output}`);
    return pattern.test(self.output);
  });
  return pattern.exec(self.output)[0];
}

export async function startTarget(args = []) {
  const self = start(["target", "--listen", "127.0.0.1:0", ...args]);
  self.url = await addressOf(self, /http:\/\/[\d.]+:\d+/, "the target");
  return self;
}

/** A run with its page. What it says before it serves may hold other addresses: the page's ends in "/". */
export async function startRun(script, args = [], options) {
  const self = start(["run", "--ui=127.0.0.1:0", ...args, script], options);
  self.url = await addressOf(self, /http:\/\/127\.0\.0\.1:\d+\/(?=\s|$)/m, "the run");
  return self;
}

/** The page alone, over a store. */
export async function startUi(store, args = []) {
  const self = start(["ui", "--listen", "127.0.0.1:0", "--store", store, ...args]);
  self.url = await addressOf(self, /http:\/\/127\.0\.0\.1:\d+\//, "brunt ui");
  return self;
}

export function write(name, text) {
  const file = path.join(folder, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
  return file;
}

export async function getJson(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** A store of `make_history`'s. */
export async function makeStore(kind, n) {
  const file = path.join(folder, `${kind}.db`);
  const self = await run([file, kind, String(n)], { program: makeHistory });
  if (self.code !== 0) throw new Error(`make_history ${kind}: ${self.output}`);
  console.log(`     ${self.output.trim().split("\n").pop()}`);
  return file;
}

// ---- the browser ----

let browser = null;

/** Which calls of the page are watched: installed before anything of the page runs. */
function watch() {
  // ready: ms from the page's beginning to its first figures
  window.__seen = { csp: [], shifts: 0, shiftList: [], longest: 0, ready: null };
  document.addEventListener("securitypolicyviolation", (e) => window.__seen.csp.push(`${e.violatedDirective} ${e.blockedURI} ${e.sample}`));
  const observe = (type, take) => {
    try {
      new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true });
    } catch {
      // this browser does not measure it
    }
  };
  const nameOf = (source) => source.node?.className || source.node?.nodeName || "?";
  observe("layout-shift", (e) => {
    if (e.hadRecentInput) return;
    window.__seen.shifts += e.value;
    window.__seen.shiftList.push(`${e.value.toFixed(4)} ${e.sources.map(nameOf).join(", ")}`);
  });
  const ready = () => (document.querySelector("[data-stat=p95]") ? (window.__seen.ready = performance.now()) : requestAnimationFrame(ready));
  requestAnimationFrame(ready);
  observe("longtask", (e) => (window.__seen.longest = Math.max(window.__seen.longest, e.duration)));
}

/**
 * A page in a context of its own. `page.watched` holds what a page must never do: dialogs, requests to others, errors.
 */
export async function openPage(url, { theme = "light", width = 1360, height = 900, offline = false, context: more = {} } = {}) {
  const executablePath = process.env.CHROMIUM ?? CHROMIUM.find((file) => fs.existsSync(file)) ?? "chromium";

  if (!browser) {
    browser = await chromium.launch({ executablePath, args: CHROMIUM_ARGS });
    cleanups.push(() => browser.close());
  }
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, reducedMotion: "reduce", ...more });
  const page = await context.newPage();
  await page.bringToFront(); // what is not in front is drawn when the browser likes
  const watched = { dialogs: [], foreign: [], errors: [] };
  const home = new URL(url);

  page.watched = watched;
  await page.addInitScript(watch);
  await context.setOffline(offline);
  context.on("page", (other) => other !== page && watched.foreign.push(`a window: ${other.url()}`));
  page.on("dialog", (d) => {
    watched.dialogs.push(`${d.type()} ${d.message()}`);
    d.dismiss().catch(() => {});
  });
  page.on("request", (r) => {
    const to = new URL(r.url());
    const own = home.protocol === "file:" ? to.href.split("#")[0] === home.href.split("#")[0] : to.origin === home.origin;
    if (!own && to.protocol !== "data:" && to.protocol !== "blob:") watched.foreign.push(r.url());
  });
  page.on("pageerror", (e) => watched.errors.push(e.message));
  page.on("console", (m) => m.type() === "error" && watched.errors.push(m.text()));
  const session = await context.newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  page.processorMs = async () => processorMs(session);
  await page.goto(url);
  return page;
}

/** Processor time of the page's thread so far: what others do on the machine is not in it. */
async function processorMs(session) {
  const { metrics } = await session.send("Performance.getMetrics");

  return 1000 * (metrics.find((m) => m.name === "TaskDuration")?.value ?? NaN);
}

/** Goes to another view of the same page, as a link would. */
export async function go(page, hash) {
  await page.evaluate((to) => (location.hash = to), hash);
}

/** That the page did nothing but show things. Errors that `expected` matches are none. */
export async function checkInnocent(page, name, expected = null) {
  const seen = await page.evaluate(() => ({ pwned: window.__pwned, csp: window.__seen.csp }));

  check(`${name}: no script from data ran`, seen.pwned === undefined, seen.pwned);
  check(`${name}: the content security policy had nothing to stop`, seen.csp.length === 0, seen.csp.join("\n"));
  check(`${name}: no dialog`, page.watched.dialogs.length === 0, page.watched.dialogs.join("\n"));
  check(`${name}: no request to anyone else`, page.watched.foreign.length === 0, page.watched.foreign.join("\n"));
  const errors = page.watched.errors.filter((e) => !expected?.test(e));
  check(`${name}: no error`, errors.length === 0, errors.join("\n"));
}

export async function layoutShift(page) {
  return page.evaluate(() => ({ sum: window.__seen.shifts, list: window.__seen.shiftList }));
}

/** By how many pixels the page is wider than its window. */
export async function sideScroll(page) {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

/** Violations that axe-core finds, as lines. */
export async function accessibility(page) {
  await page.evaluate(fs.readFileSync(fromUi.resolve("axe-core/axe.min.js"), "utf8"));
  const result = await page.evaluate(() =>
    window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"], resultTypes: ["violations"] }),
  );
  return result.violations.map((v) => `${v.id} (${v.impact}): ${v.nodes.slice(0, 4).map((n) => `${n.target.join(" ")} ${n.any[0]?.message ?? ""}`).join("; ")}`);
}
