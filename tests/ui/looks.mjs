// Every view in light, dark and at the width of a phone: nothing scrolls sideways, nothing moves while it loads, and
// everything can be told apart and has a name.
import path from "node:path";
import { accessibility, check, checkInnocent, folder, getJson, layoutShift, makeStore, openPage, sideScroll, startUi, test } from "./browser.mjs";

const SHIFT_MAX = 0.01;
const SIZES = [
  { name: "light", theme: "light", width: 1360, height: 900 },
  { name: "dark", theme: "dark", width: 1360, height: 900 },
  { name: "phone", theme: "light", width: 390, height: 844 },
];

await test(async () => {
  const ui = await startUi(await makeStore("drift", 12));
  const empty = await startUi(path.join(folder, "none.db"));
  const { runs } = await getJson(`${ui.url}api/runs?limit=3`);
  const views = [
    ["history", `${ui.url}#/runs`, "tr[data-run]"],
    ["run", `${ui.url}#/runs/${runs[0].id}`, "[data-stat=p95]"],
    ["comparison of two", `${ui.url}#/compare/${runs[0].id}/${runs[1].id}`, "[data-verdict]"],
    ["comparison of three", `${ui.url}#/compare/${runs.map((r) => r.id).join("/")}`, "table.figures"],
    ["trend", `${ui.url}#/trend/checkout.js`, "#changes"],
    ["settings", `${ui.url}#/settings`, "h1"],
    ["empty history", `${empty.url}#/runs`, "pre.command"],
  ];

  for (const size of SIZES) {
    for (const [view, url, ready] of views) {
      const name = `${view}, ${size.name}`;
      const page = await openPage(url, size);
      await page.waitForSelector(ready);
      await page.waitForTimeout(400);
      const shift = await layoutShift(page);
      check(`${name}: nothing moved`, shift.sum < SHIFT_MAX, `${shift.sum}: ${shift.list.join("; ")}`);
      check(`${name}: no scrolling sideways`, (await sideScroll(page)) <= 0, await sideScroll(page));
      const found = await accessibility(page);
      check(`${name}: no fault that axe finds`, found.length === 0, found.join("\n"));
      await checkInnocent(page, name);
      await page.context().close();
    }
  }
});
