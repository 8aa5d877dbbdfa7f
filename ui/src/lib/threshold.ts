// How far a threshold's value is from its limit.
import type { Threshold } from "./doc";
import { formatShare } from "./format";

export interface Distance {
  room: number; // share of the limit that is left; negative: past it
  fill: number; // 0..1: the value on a bar
  mark: number; // 0..1: the limit on it
  text: string;
}

/** Null where there is no value yet, or the comparison has no distance (==, !=). */
export function distance(t: Pick<Threshold, "op" | "limit" | "value">): Distance | null {
  if (t.value === null || Number.isNaN(t.value) || !/^[<>]/.test(t.op)) return null;
  const top = Math.max(Math.abs(t.limit), Math.abs(t.value)) * 1.15 || 1;
  const ahead = t.op.startsWith("<") ? t.limit - t.value : t.value - t.limit;
  const room = t.limit !== 0 ? ahead / Math.abs(t.limit) : ahead === 0 ? 0 : Math.sign(ahead);
  const side = t.value < t.limit ? "below" : "above";

  return {
    room,
    fill: Math.max(0, t.value) / top,
    mark: Math.max(0, t.limit) / top,
    text: ahead === 0 ? "at the limit" : `${Math.abs(room) >= 10 ? `${Math.round(Math.abs(room))}×` : formatShare(Math.abs(room))} ${side}`,
  };
}
