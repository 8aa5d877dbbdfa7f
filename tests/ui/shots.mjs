// Makes the pictures of docs/images: node tests/ui/shots.mjs BRUNT MAKE_HISTORY [FOLDER]
import fs from "node:fs";
import path from "node:path";
import { HERE, check, getJson, makeStore, openPage, startRun, startTarget, startUi, test, write } from "./browser.mjs";

const BYTES_MAX = 150e3;
const to = path.resolve(process.argv[4] ?? path.join(HERE, "../../docs/images"));

/* Users who shop, and orders at a rate that rises; some are refused. */
const SHOP = `
import http from "k6/http";
import { check, group, sleep } from "k6";
import { Counter } from "k6/metrics";
const orders = new Counter("orders");
export const options = {
  scenarios: {
    browse: { executor: "constant-vus", vus: 15, duration: "60s", exec: "browse" },
    order: { executor: "ramping-arrival-rate", startRate: 20, preAllocatedVUs: 60, exec: "order",
             stages: [{ target: 120, duration: "30s" }, { target: 120, duration: "30s" }] },
  },
  thresholds: { http_req_duration: ["p(95)<300"], http_req_failed: ["rate<0.02"], checks: ["rate>0.95"] },
};
export function browse() {
  group("shop", () => check(http.get(__ENV.TARGET + "/slow", { tags: { name: "/products" } }), { "list is there": (r) => r.status === 200 }));
  sleep(0.2);
}
export function order() {
  const path = Math.random() < 0.01 ? "/status/503" : "/io";
  if (check(http.get(__ENV.TARGET + path, { tags: { name: "/orders" } }), { "order is taken": (r) => r.status < 400 })) orders.add(1);
}
`;

async function shoot(url, name, ready, { height = 860, width = 1280, theme = "light", act } = {}) {
  const page = await openPage(url, { width, height, theme });

  await page.waitForSelector(ready);
  await act?.(page);
  await page.waitForTimeout(800);
  const file = path.join(to, `${name}.png`);
  await page.screenshot({ path: file });
  await page.context().close();
  check(`${name}.png has at most 150 KB`, fs.statSync(file).size <= BYTES_MAX, fs.statSync(file).size);
}

async function shootLive() {
  const target = await startTarget(["--slowness", "0.1"]);
  const run = await startRun(write("shop.js", SHOP), ["-e", `TARGET=${target.url}`]);

  await new Promise((done) => setTimeout(done, 42e3));
  await shoot(run.url, "page-live", "[data-stat=p95]", { height: 980 });
  await shoot(run.url, "page-live-phone", "[data-stat=p95]", { width: 390, height: 844, theme: "dark" });
  await run.stop("SIGINT");
}

await test(async () => {
  await shootLive();
  const ui = await startUi(await makeStore("drift", 40));
  const { runs } = await getJson(`${ui.url}api/runs?limit=40`);
  const before = runs.find((r) => r.id === "r-drift-0020").id;
  const select = async (page) => {
    for (const key of ["j", "x", "j", "j", "x"]) await page.keyboard.press(key);
  };

  await shoot(`${ui.url}#/runs`, "page-history", "tr[data-run]", { height: 600, act: select });
  await shoot(`${ui.url}#/compare/${runs[0].id}/${before}`, "page-compare", "[data-verdict]", { height: 900 });
  await shoot(`${ui.url}#/compare/${runs[0].id}/${before}`, "page-compare-phone", "[data-verdict]", { width: 390, height: 844, theme: "dark" });
  await shoot(`${ui.url}#/trend/checkout.js`, "page-trend", "[data-change]", { height: 720, theme: "dark" });
});
