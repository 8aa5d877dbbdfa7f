// What every section of the run page is given.
import type { ChartMark } from "../../components/chart";
import type { ChartGroup } from "../../lib/chart_group";
import type { RunEvent } from "../../lib/doc";
import { titleOf } from "../../lib/format";
import type { RunModel } from "../../lib/run_model";

export interface RunProps {
  model: RunModel;
  version: number; // the model's: a section draws again when it changes
  group: ChartGroup;
  marks: ChartMark[];
  mode: "live" | "stored" | "report";
}

/** An event in words. */
export function eventText(e: RunEvent): string {
  const text = e.text.replace(/\d+\.\d{4,}/g, (n) => String(Number(Number(n).toPrecision(4))));
  return text || `${titleOf(e.kind)}${e.scenario ? ` ${e.scenario}` : ""}${e.to !== undefined ? ` ${e.from ?? "?"} → ${e.to}` : ""}`;
}

export function marksOf(events: RunEvent[]): ChartMark[] {
  return events.map((e) => ({
    x: e.t,
    text: eventText(e),
    tone: e.kind.includes("threshold") ? (/(passed|recovered|again)/.test(e.text) ? "info" : "bad") : /lost|stop|fail/.test(e.kind) ? "warn" : "info",
  }));
}
