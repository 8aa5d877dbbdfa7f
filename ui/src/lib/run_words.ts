// How a run ended and whether it can be trusted, as badges say it.
import type { Tone } from "../components/bits";
import type { RunInfo, RunState } from "./doc";
import { formatDate } from "./format";

export const STATES: Record<RunState, { text: string; tone: Tone }> = {
  running: { text: "running", tone: "info" },
  finished: { text: "finished", tone: "good" },
  stopped: { text: "stopped", tone: "warn" },
  failed: { text: "failed", tone: "bad" },
  interrupted: { text: "interrupted", tone: "warn" },
};

export const VERDICTS: Record<"valid" | "suspect" | "invalid", { text: string; tone: Tone }> = {
  valid: { text: "valid", tone: "good" },
  suspect: { text: "suspect", tone: "warn" },
  invalid: { text: "invalid", tone: "bad" },
};

/** A run in a legend or a sentence: its name, or its script's last part, and when it was. */
export function runTitle(run: RunInfo): string {
  const name = run.name || run.script.split("/").pop() || run.id;

  return `${name} · ${formatDate(run.started_ms ?? run.created_ms)}`;
}

/** "main 5eed1234", with a star where files were changed; "" without a repository. */
export function commitOf(run: RunInfo): string {
  if (!run.git) return "";
  return `${run.git.branch} ${run.git.commit.slice(0, 8)}${run.git.dirty ? "*" : ""}`.trim();
}
