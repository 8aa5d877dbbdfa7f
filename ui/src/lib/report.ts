// A report is this page with its run inside: <script type="application/json" id="brunt-report">.
import type { RunDoc } from "./doc";

const ID = "brunt-report";

export function isReport(): boolean {
  return document.getElementById(ID) !== null;
}

async function gunzip(base64: string): Promise<string> {
  const bytes = Uint8Array.from(atob(base64.trim()), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));

  return new Response(stream).text();
}

/** The run of a report. Rejects where the page's data are not a run document that this page can show. */
export async function reportDoc(): Promise<RunDoc> {
  const element = document.getElementById(ID);
  const text = element?.textContent ?? "";
  const packed = element?.getAttribute("data-encoding") === "gzip-base64";
  const doc = JSON.parse(packed ? await gunzip(text) : text) as RunDoc;

  if (doc.format !== "brunt-run" || doc.version !== 1)
    throw new Error(`this report's data have the format ${String(doc.format)} ${String(doc.version)}, not brunt-run 1`);
  return doc;
}
