// Makes the pictures of docs/images: node tests/ui/shots.mjs BRUNT MAKE_HISTORY [FOLDER]
import fs from "node:fs";
import path from "node:path";
import { HERE, check, getJson, makeStore, openPage, startUi, test } from "./browser.mjs";

const BYTES_MAX = 150e3;
const to = path.resolve(process.argv[4] ?? path.join(HERE, "../../docs/images"));

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

await test(async () => {
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
