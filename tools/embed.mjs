// Writes the built page as C arrays for src/assets/web_assets.h: node tools/embed.mjs FOLDER OUT.c
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const FILES = [
  { file: "index.html", path: "/", type: "text/html; charset=utf-8" },
  { file: "app.js", path: "/app.js", type: "text/javascript; charset=utf-8" },
  { file: "app.css", path: "/app.css", type: "text/css; charset=utf-8" },
];
const COLUMNS = 24;

function array(name, bytes) {
  const lines = [];
  for (let i = 0; i < bytes.length; i += COLUMNS) lines.push("    " + bytes.subarray(i, i + COLUMNS).join(", "));
  return `static const unsigned char ${name}[] = {\n${lines.join(",\n")}};\n`;
}

const [folder, out] = process.argv.slice(2);
const parts = ["/* Made by tools/embed.mjs from ui/. */\n#include \"assets/web_assets.h\"\n"];
const rows = [];

for (const [i, { file, path, type }] of FILES.entries()) {
  const bytes = readFileSync(join(folder, file));
  const gzip = gzipSync(bytes, { level: 9 });
  const hash = createHash("sha256").update(bytes).digest();

  parts.push(array(`plain_${i}`, bytes), array(`gzip_${i}`, gzip));
  rows.push(`    {.path = "${path}", .type = "${type}",
     .bytes = plain_${i}, .n = sizeof(plain_${i}), .gzip = gzip_${i}, .n_gzip = sizeof(gzip_${i}),
     .etag = "\\"${hash.toString("hex").slice(0, 20)}\\"", .sha256 = "${hash.toString("base64")}"},`);
}
parts.push(`const struct web_asset web_assets[] = {\n${rows.join("\n")}\n};\n`);
parts.push("const size_t n_web_assets = countof(web_assets);\nconst bool web_assets_are_built = true;\n");
writeFileSync(out, parts.join("\n"));
