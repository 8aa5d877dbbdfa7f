// Settings: a connection is saved, changed and removed; its key is written and never comes back.
import { check, checkInnocent, environment, folder, getJson, openPage, startUi, test, waitFor } from "./browser.mjs";
import fs from "node:fs";
import path from "node:path";

const KEY = "glc_top-secret-4711";

await test(async () => {
  const ui = await startUi(path.join(folder, "empty.db"));
  const page = await openPage(`${ui.url}#/settings`);
  const answers = [];

  page.on("response", async (r) => r.url().includes("/api/connections") && answers.push(await r.text().catch(() => "")));
  await page.getByRole("button", { name: "Add connection" }).click();
  await page.getByLabel("Connection name").fill("team-a");
  await page.getByLabel("Graphite ingest URL").fill("https://graphite.example.net/graphite/metrics");
  await page.getByLabel("Graphite username").fill("123456");
  await page.getByLabel("Access token").fill(KEY);
  await page.getByLabel("Default tags").fill("env:prod, team:perf");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText("team-a").waitFor();

  const stored = await getJson(`${ui.url}api/connections`);
  check("it is saved", stored.length === 1 && stored[0].name === "team-a" && stored[0].has_key === true, JSON.stringify(stored));
  check("with its tags", JSON.stringify(stored[0]?.default_tags) === '["env:prod","team:perf"]', JSON.stringify(stored[0]));
  check("the key is in no answer", !answers.join().includes(KEY) && !JSON.stringify(stored).includes(KEY), answers.join("\n"));
  check("... but it was written", filesOf(environment().HOME).some((f) => fs.readFileSync(f, "utf8").includes(KEY)));

  await page.reload();
  await page.getByRole("button", { name: "Edit team-a" }).click();
  check("the key's field is empty when it is edited", (await page.getByLabel("Access token").inputValue()) === "");
  check("the key is nowhere on the page", !(await page.content()).includes(KEY));
  await page.getByLabel("Graphite username").fill("654321");
  await page.getByLabel("Enable automatic publishing").uncheck();
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByRole("button", { name: "Edit team-a" }).waitFor();
  const changed = (await getJson(`${ui.url}api/connections`))[0];
  check("a change without a key keeps the key", changed.username === "654321" && changed.enabled === false && changed.has_key === true, JSON.stringify(changed));

  await page.getByRole("button", { name: "Edit team-a" }).click();
  await page.getByRole("button", { name: "Remove …" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await waitFor("the connection to be gone", async () => (await getJson(`${ui.url}api/connections`)).length === 0);
  check("it is removed", true);
  await checkInnocent(page, "settings");
});

/** What the program wrote below a folder, but for the store and temporary files of the browser. */
function filesOf(top) {
  return fs
    .readdirSync(top, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".json"))
    .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name));
}
