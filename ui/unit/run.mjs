// The unit tests of the page's pure parts: each unit/*.test.ts is bundled and run by node's own test runner.
//   node unit/run.mjs [PART-OF-A-NAME]
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const wanted = process.argv[2] ?? "";
const tests = readdirSync(here).filter((name) => name.endsWith(".test.ts") && name.includes(wanted));
const folder = mkdtempSync(join(tmpdir(), "brunt-ui-unit-"));

if (tests.length === 0) {
  console.error(`no test of ${here} has "${wanted}" in its name`);
  process.exit(1);
}
buildSync({
  entryPoints: tests.map((name) => join(here, name)),
  outdir: folder,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  format: "esm",
  platform: "node",
  jsx: "automatic",
  jsxImportSource: "preact",
  loader: { ".css": "empty" },
  logLevel: "error",
});
const { status } = spawnSync(process.execPath, ["--test", ...tests.map((name) => join(folder, name.replace(/\.ts$/, ".mjs")))], { stdio: "inherit" });
rmSync(folder, { recursive: true });
process.exit(status ?? 1);
