// Which view the address asks for: everything is in the hash, so that one page serves all and a report needs none.
import { useEffect, useState } from "preact/hooks";

export type View = "live" | "runs" | "run" | "compare" | "trend" | "settings" | "unknown";

export interface Route {
  view: View;
  args: string[]; // decoded parts after the view's name
  query: URLSearchParams;
}

/** "#/compare/A/B?threshold=5" to its parts. What cannot be decoded is taken as it is. */
export function parseRoute(hash: string): Route {
  const [path = "", search = ""] = hash.replace(/^#/, "").split("?", 2);
  const parts = path.split("/").filter((p) => p !== "").map(decode);
  const query = new URLSearchParams(search);
  const [first, ...args] = parts;

  if (first === undefined) return { view: "live", args: [], query };
  if (first === "runs") return { view: args.length > 0 ? "run" : "runs", args, query };
  if (first === "compare" || first === "trend" || first === "settings") return { view: first, args, query };
  return { view: "unknown", args: parts, query };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** An address of this page from decoded parts: href("runs", id) is "#/runs/ID". */
export function href(...parts: string[]): string {
  return `#/${parts.map(encodeURIComponent).join("/")}`;
}

export function useRoute(): Route {
  const [hash, setHash] = useState(location.hash);

  useEffect(() => {
    const changed = () => setHash(location.hash);
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return parseRoute(hash);
}
