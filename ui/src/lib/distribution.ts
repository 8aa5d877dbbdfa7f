// How latency was spread over a whole run, from the counts of its heat map.
import type { RunDoc } from "./doc";

const PER_DOUBLING = 4; // buckets; see Heat

/** Upper bound of a heat bucket in ms. */
export function bucketEnd(bucket: number): number {
  return 1000 * 2 ** (bucket / PER_DOUBLING);
}

export interface Distribution {
  first: number; // the lowest bucket with something in it
  counts: number[]; // from `first` on
  total: number;
}

/** All steps of one metric's heat map together; null where there is none. */
export function distributionOf(doc: RunDoc, metric: string): Distribution | null {
  const heat = doc.heat.find((h) => h.metric === metric);
  const sums = new Map<number, number>();

  for (const row of heat?.rows ?? []) {
    for (let i = 0; i + 1 < row.length; i += 2) {
      const bucket = row[i] as number;
      sums.set(bucket, (sums.get(bucket) ?? 0) + (row[i + 1] as number));
    }
  }
  if (sums.size === 0) return null;

  const buckets = [...sums.keys()];
  const first = Math.min(...buckets);
  const counts = Array.from({ length: Math.max(...buckets) - first + 1 }, (_, i) => sums.get(first + i) ?? 0);
  return { first, counts, total: counts.reduce((a, b) => a + b, 0) };
}

/** Share of samples that were in a bucket. */
export function shareIn(d: Distribution, bucket: number): number {
  return (d.counts[bucket - d.first] ?? 0) / d.total;
}

/** Share of samples that were in it or below. */
export function shareUpTo(d: Distribution, bucket: number): number {
  let sum = 0;

  for (let i = 0; i < d.counts.length && d.first + i <= bucket; i++) sum += d.counts[i] as number;
  return sum / d.total;
}

/** The buckets in which any of them has something, and one below, where all are 0. */
export function commonBuckets(all: Distribution[]): number[] {
  if (all.length === 0) return [];
  const first = Math.min(...all.map((d) => d.first)) - 1;
  const last = Math.max(...all.map((d) => d.first + d.counts.length - 1));

  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
