// Screenshots of a page: node dev/look.mjs URL FOLDER [name=WIDTHxHEIGHT:light|dark[:full]] ...; errors of the console are printed.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const [url, folder, ...shots] = process.argv.slice(2);
const profile = await mkdtemp(join(tmpdir(), "brunt-look-"));
const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const browser = await chromium.launchPersistentContext(profile, { executablePath: "/usr/bin/chromium", args });

for (const shot of shots) {
  const [, name, width, height, colorScheme, full, scroll] = /^([\w-]+)=(\d+)x(\d+):(light|dark)(:full)?(?::(\S+))?$/.exec(shot);
  const page = await browser.newPage();
  page.on("console", (m) => ["error", "warning"].includes(m.type()) && console.log(name, m.text()));
  page.on("pageerror", (e) => console.log(name, String(e)));
  await page.emulateMedia({ colorScheme });
  await page.setViewportSize({ width: Number(width), height: Number(height) });
  await page.goto(url);
  await page.waitForSelector("h1, .state-title", { timeout: 20000 });
  await page.waitForTimeout(700);
  if (scroll) await page.evaluate((id) => document.getElementById(id)?.scrollIntoView(), scroll);
  if (full) {
    const whole = await page.evaluate(() => document.documentElement.scrollHeight);
    await page.setViewportSize({ width: Number(width), height: Math.min(whole, 12000) });
  }
  await page.waitForTimeout(700);
  await page.screenshot({ path: join(folder, `${name}.png`) });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (wide > 0) console.log(name, `scrolls sideways by ${wide} px`);
  await page.close();
}
await browser.close();
await rm(profile, { recursive: true, force: true });
