// Short notes at the page's corner. Errors stay until they are closed.
import { useEffect, useState } from "preact/hooks";
import { reasonOf } from "../lib/api";

interface Note {
  key: number;
  tone: "good" | "bad";
  text: string;
}

let notes: Note[] = [];
let next = 0;
let tell: (() => void) | null = null;
const STAYS_MS = 5000;

function drop(key: number): void {
  notes = notes.filter((n) => n.key !== key);
  tell?.();
}

export function toast(text: string, tone: Note["tone"] = "good"): void {
  const key = next++;

  notes = [...notes.slice(-3), { key, tone, text }];
  tell?.();
  if (tone === "good") setTimeout(() => drop(key), STAYS_MS);
}

export function toastError(error: unknown): void {
  toast(reasonOf(error), "bad");
}

export function Toasts() {
  const [, draw] = useState(0);

  useEffect(() => {
    tell = () => draw((n) => n + 1);
    return () => {
      tell = null;
    };
  }, []);
  return (
    <div class="toasts" role="status" aria-live="polite">
      {notes.map((n) => (
        <div key={n.key} class={`toast toast-${n.tone}`}>
          <span>{n.text}</span>
          <button type="button" class="button button-quiet" aria-label="Close the note" onClick={() => drop(n.key)}>
            ✕
          </button>
        </div>
      ))}
    </div>
  );
}
