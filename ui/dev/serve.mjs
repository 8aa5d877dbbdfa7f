// Serves dist/ with the fixture behind it, to look at the page without the program:
//   node dev/serve.mjs [PORT] [--live] [--endpoints=N] [--steps=N] [--every=MS]
import { createServer } from "node:http";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";

const flag = (name, otherwise) => Number(process.argv.find((a) => a.startsWith(`--${name}=`))?.split("=")[1] ?? otherwise);
const port = Number(process.argv[2] ?? 6461);
const live = process.argv.includes("--live");
const root = new URL("..", import.meta.url).pathname;

const folder = await mkdtemp(join(tmpdir(), "brunt-ui-"));
await build({ entryPoints: [join(root, "dev/fixture.ts")], bundle: true, format: "esm", outfile: join(folder, "fixture.mjs"), logLevel: "error" });
const { Fixture } = await import(pathToFileURL(join(folder, "fixture.mjs")).href);
await rm(folder, { recursive: true });

const fixture = new Fixture({ steps: flag("steps", 600), endpoints: flag("endpoints", 40), live, now: Date.now() });
const connections = [{ name: "Grafana Cloud", provider: "grafana", endpoint: "https://graphite-prod-43.grafana.net/graphite/metrics", username: "3140687", has_key: true, namespace: "lp.run_results", default_tags: ["env:prod", "team:perf"], enabled: true }];
const listeners = new Set();

if (live)
  setInterval(() => {
    const frame = fixture.tick();
    for (const r of listeners) r.write(`event: frame\ndata: ${JSON.stringify(frame)}\n\n`);
  }, flag("every", 1000));

const types = { ".js": "text/javascript", ".css": "text/css", ".html": "text/html; charset=utf-8" };
const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; require-trusted-types-for 'script'; trusted-types 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

function send(response, status, body) {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

function events(request, response) {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  response.write(`event: entries\ndata: ${JSON.stringify({ add: fixture.entries() })}\n\n`);
  listeners.add(response);
  request.on("close", () => listeners.delete(response));
}

async function asset(path, response) {
  const name = path === "/" ? "index.html" : path.slice(1);
  if (!/^[\w.-]+$/.test(name)) return send(response, 404, {});
  try {
    const bytes = await readFile(join(root, "dist", name));
    response.writeHead(200, { "content-type": types[extname(name)] ?? "text/plain", "content-security-policy": CSP });
    response.end(bytes);
  } catch {
    send(response, 404, { error: "no such file" });
  }
}

createServer((request, response) => {
  const { pathname: path } = new URL(request.url, "http://x");
  if (path === "/api/live") return send(response, 200, live ? { run: { ...fixture.doc.run, options: undefined }, seq: fixture.doc.timeline.seq } : { run: null, seq: 0 });
  if (path === "/api/live/events") return events(request, response);
  if (path === "/api/connections") return send(response, 200, connections);
  if (path === "/api/runs") return send(response, 200, { total: 1, runs: [fixture.doc.run] });
  if (/^\/api\/runs\/[^/]+$/.test(path)) return send(response, 200, fixture.doc);
  if (path.endsWith("/script")) return response.end(fixture.doc.script_text);
  const exchange = /\/exchanges\/(\d+)$/.exec(path);
  if (exchange) return send(response, 200, fixture.doc.exchanges[Number(exchange[1]) - 1]?.har);
  if (request.method !== "GET") return send(response, 200, {});
  return asset(path, response);
}).listen(port, "127.0.0.1", () => console.log(`http://127.0.0.1:${port}/`));
