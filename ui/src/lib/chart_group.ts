// What charts over the same time share: the range that is zoomed to, and where the cursor stands.

export type Range = readonly [number, number];

export class ChartGroup {
  range: Range | null = null; // null: everything
  cursor: number | null = null; // on the x axis

  private listeners = new Set<(what: "range" | "cursor") => void>();

  subscribe(listener: (what: "range" | "cursor") => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  setRange(range: Range | null): void {
    if (range && !(range[1] > range[0])) return;
    this.range = range;
    this.tell("range");
  }

  setCursor(x: number | null): void {
    if (x === this.cursor) return;
    this.cursor = x;
    this.tell("cursor");
  }

  private tell(what: "range" | "cursor"): void {
    for (const listener of this.listeners) listener(what);
  }
}

/** The index of the value of `xs` (ascending, n of them) that is nearest to x; -1 where there is none. */
export function nearest(xs: ArrayLike<number>, n: number, x: number): number {
  let low = 0;
  let high = n - 1;

  if (n === 0) return -1;
  while (low < high) {
    const mid = (low + high) >> 1;
    if ((xs[mid] as number) < x) low = mid + 1;
    else high = mid;
  }
  return low > 0 && x - (xs[low - 1] as number) <= (xs[low] as number) - x ? low - 1 : low;
}
