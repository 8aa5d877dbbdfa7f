// Light or dark: what the system says until somebody chooses, then what was chosen.
import { useEffect, useState } from "preact/hooks";

export type Theme = "light" | "dark";

const KEY = "brunt-theme";
const listeners = new Set<() => void>();

function chosen(): Theme | null {
  try {
    const value = localStorage.getItem(KEY);
    return value === "light" || value === "dark" ? value : null;
  } catch {
    return null;
  }
}

const system = typeof matchMedia === "function" ? matchMedia("(prefers-color-scheme: dark)") : null;
let theme: Theme = chosen() ?? (system?.matches ? "dark" : "light");

function apply(next: Theme): void {
  theme = next;
  document.documentElement.dataset["theme"] = next;
  tokens.clear();
  for (const listener of listeners) listener();
}

/** Paper is light. */
function followPrinting(): void {
  let before = theme;

  addEventListener("beforeprint", () => {
    before = theme;
    apply("light");
  });
  addEventListener("afterprint", () => apply(before));
}

/** To be called once, before the first drawing. */
export function startTheme(): void {
  apply(theme);
  followPrinting();
  system?.addEventListener("change", (e) => {
    if (!chosen()) apply(e.matches ? "dark" : "light");
  });
}

export function toggleTheme(): void {
  const next = theme === "dark" ? "light" : "dark";
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // not kept then
  }
  apply(next);
}

export function useTheme(): Theme {
  const [value, setValue] = useState(theme);

  useEffect(() => {
    const changed = () => setValue(theme);
    listeners.add(changed);
    return () => void listeners.delete(changed);
  }, []);
  return value;
}

const tokens = new Map<string, string>(); // of the theme that is on

/** The value of a custom property now: colours for canvases come from the style sheet too. */
export function token(name: string): string {
  let value = tokens.get(name);

  if (value === undefined) {
    value = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    if (value !== "") tokens.set(name, value);
  }
  return value;
}

const SERIES = 8;

/** The n-th colour of the palette, which wraps round. */
export function seriesColour(n: number): string {
  return token(`--series-${(n % SERIES) + 1}`);
}
