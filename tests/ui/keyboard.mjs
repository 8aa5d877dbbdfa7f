// From the history to a run, a comparison and a trend without a mouse.
import { check, checkInnocent, getJson, makeStore, openPage, startUi, test, waitFor } from "./browser.mjs";

const at = (page, part) => waitFor(`the address ${part}`, () => page.url().includes(part));
const focused = (page) => page.evaluate(() => document.activeElement?.closest("tr")?.dataset.run ?? null);

async function history(page, runs) {
  await page.keyboard.press("j");
  await waitFor("the focus", async () => (await focused(page)) === runs[0].id);
  check("j goes to the first run", true);
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("k");
  await waitFor("the second", async () => (await focused(page)) === runs[1].id);
  check("j and k move", true);
  await page.keyboard.press("End");
  await waitFor("the last", async () => (await focused(page)) === runs[runs.length - 1].id);
  check("End goes to the last run", true);
  await page.keyboard.press("Home");
  await waitFor("the first", async () => (await focused(page)) === runs[0].id);
  await page.keyboard.press("Enter");
  await at(page, `#/runs/${runs[0].id}`);
  await page.waitForSelector("[data-stat=p95]");
  check("Enter opens the run", true);
}

async function filter(page, ui) {
  await page.goto(`${ui.url}#/runs`);
  await page.waitForSelector("tr[data-run]");
  await page.keyboard.press("/");
  await page.keyboard.type("release");
  const wanted = (await getJson(`${ui.url}api/runs?q=release`)).total;
  await waitFor("the filtered list", async () => (await page.locator("tr[data-run]").count()) === wanted);
  check("/ filters", wanted > 0 && wanted < 12, wanted);
  await page.keyboard.press("Escape");
  await waitFor("all of it", async () => (await page.locator("tr[data-run]").count()) === 12);
  check("Escape shows all again", true);
}

async function compare(page, runs) {
  await page.keyboard.press("Home");
  await waitFor("the first", async () => (await focused(page)) === runs[0].id);
  await page.keyboard.press("x");
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  await waitFor("two selected", async () => (await page.locator("tr[aria-selected=true]").count()) === 2);
  await page.keyboard.press("c");
  await at(page, `#/compare/${runs[0].id}/${runs[1].id}`);
  await page.waitForSelector("[data-verdict]");
  check("x and c compare, the newer with the older", true);

  // the table's rows, by Tab and Enter
  await page.locator("#figures input[type=search]").focus();
  for (let i = 0; i < 30 && !(await page.evaluate(() => document.activeElement?.matches("#figures tbody tr"))); i++) await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  check("a row of figures is reached by Tab", await page.evaluate(() => document.activeElement?.matches("#figures tbody tr")));
}

async function trend(page) {
  await page.goBack();
  await page.waitForSelector("tr[data-run]");
  await page.keyboard.press("j");
  await page.keyboard.press("r");
  await at(page, "#/trend/checkout.js");
  await page.waitForSelector("#changes");
  check("r shows the trend", true);
  await page.locator("[data-change] a", { hasText: "Open" }).first().focus();
  await page.keyboard.press("Enter");
  await at(page, "#/runs/r-drift-");
  check("a change leads to its run", true);
}

async function change(page, ui, runs) {
  await page.goto(`${ui.url}#/runs`);
  await page.waitForSelector("tr[data-run]");
  await page.keyboard.press("j");
  await waitFor("the focus", async () => (await focused(page)) === runs[0].id);
  await page.keyboard.press("e");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Control+A");
  await page.keyboard.type("by-hand, twice , by-hand");
  await page.keyboard.press("Tab");
  await page.keyboard.type("a note");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  const now = async () => (await getJson(`${ui.url}api/runs?limit=1`)).runs[0];
  await waitFor("the labels", async () => JSON.stringify((await now()).labels) === '["by-hand","twice"]');
  check("e changes labels and note", (await now()).note === "a note", JSON.stringify(await now()));

  await page.keyboard.press("b");
  await waitFor("the baseline", async () => (await now()).baseline === true);
  check("b makes a baseline", true);

  await page.waitForSelector("tr[data-run]");
  await page.keyboard.press("Home");
  await waitFor("the focus", async () => (await focused(page)) === runs[0].id);
  await page.keyboard.press("d");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  check("Escape deletes nothing", (await getJson(`${ui.url}api/runs`)).total === 12);
  await page.keyboard.press("d");
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).focus();
  await page.keyboard.press("Enter");
  await waitFor("one run less", async () => (await getJson(`${ui.url}api/runs`)).total === 11);
  check("d deletes, after a question", true);
}

await test(async () => {
  const ui = await startUi(await makeStore("drift", 12));
  const { runs } = await getJson(`${ui.url}api/runs`);
  const page = await openPage(`${ui.url}#/runs`);

  await page.waitForSelector("tr[data-run]");
  await history(page, runs);
  await filter(page, ui);
  await compare(page, runs);
  await trend(page);
  await change(page, ui, runs);
  await checkInnocent(page, "keyboard");
});
