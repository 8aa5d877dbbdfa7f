// Numbers, durations, sizes and times as people read them. Every function takes null and NaN for "nothing".
import type { Contains, MetricType } from "./doc";

export type Format = (value: number | null | undefined) => string;

/** What stands where there is no value. */
export const NOTHING = "–";

const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

function missing(value: number | null | undefined): value is null | undefined {
  return value === null || value === undefined || Number.isNaN(value);
}

/** Three significant digits, without an exponent and without trailing noise. */
function significant(value: number): string {
  const size = Math.abs(value);

  if (size >= 99.95) return value.toFixed(0);
  if (size >= 9.995) return value.toFixed(1);
  if (size >= 0.9995 || size === 0) return value.toFixed(size === 0 ? 0 : 2);
  return String(Number(value.toPrecision(3)));
}

/** A count, to the last one: 1,234,567. */
export const formatCount: Format = (value) => (missing(value) ? NOTHING : grouped.format(value));

/** A number of any size in few characters: 0.042, 12.3, 1,234, 1.23 M. */
export const formatNumber: Format = (value) => {
  if (missing(value)) return NOTHING;
  const size = Math.abs(value);

  if (size >= 1e12) return value.toExponential(2);
  if (size >= 1e9) return `${significant(value / 1e9)} G`;
  if (size >= 1e6) return `${significant(value / 1e6)} M`;
  if (size >= 999.5) return grouped.format(value);
  return Number.isInteger(value) ? String(value) : significant(value);
};

/** A rate: 1,234/s. */
export const formatRate: Format = (value) => (missing(value) ? NOTHING : `${formatNumber(value)}/s`);

/** A duration in milliseconds: 420 µs, 12.3 ms, 1.24 s, 2 m 05 s. */
export const formatMs: Format = (value) => {
  if (missing(value)) return NOTHING;
  const size = Math.abs(value);

  if (size === 0) return "0 ms";
  if (size < 0.9995) return `${significant(value * 1000)} µs`;
  if (size < 999.5) return `${significant(value)} ms`;
  if (size < 59_950) return `${significant(value / 1000)} s`;
  return formatSpan(value / 1000);
};

/** A span in seconds, in words: 45 s, 2 m 05 s, 3 h 20 m, 4 d 2 h. */
export const formatSpan: Format = (value) => {
  if (missing(value)) return NOTHING;
  const s = Math.round(Math.max(0, value));

  if (value > 0 && value < 9.95) return `${Number(value.toFixed(1))} s`;
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} m ${String(s % 60).padStart(2, "0")} s`;
  if (s < 86_400) return `${Math.floor(s / 3600)} h ${String(Math.floor((s % 3600) / 60)).padStart(2, "0")} m`;
  return `${Math.floor(s / 86_400)} d ${Math.floor((s % 86_400) / 3600)} h`;
};

/** Seconds since the start as a clock: 0:42, 12:05, 1:02:03; with tenths where `tenths`. */
export function formatClock(value: number | null | undefined, tenths = false): string {
  if (missing(value)) return NOTHING;
  const scaled = Math.round(Math.max(0, value) * (tenths ? 10 : 1));
  const s = tenths ? Math.floor(scaled / 10) : scaled;
  const part = tenths && scaled % 10 ? `.${scaled % 10}` : "";
  const minutes = Math.floor(s / 60) % 60;
  const seconds = String(s % 60).padStart(2, "0") + part;

  return s < 3600 ? `${minutes}:${seconds}` : `${Math.floor(s / 3600)}:${String(minutes).padStart(2, "0")}:${seconds}`;
}

/** Bytes, in powers of a thousand: 512 B, 1.20 kB, 3.40 MB. */
export const formatBytes: Format = (value) => {
  if (missing(value)) return NOTHING;
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let v = value;
  let i = 0;

  while (Math.abs(v) >= 999.5 && i < units.length - 1) {
    v /= 1000;
    i++;
  }
  return `${i === 0 ? Math.round(v) : significant(v)} ${units[i]}`;
};

/** A share of 0..1 in per cent. What is not all is never shown as 100 %, what is not nothing never as 0 %. */
export const formatShare: Format = (value) => {
  if (missing(value)) return NOTHING;
  const pct = value * 100;

  if (pct === 0) return "0 %";
  if (pct === 100) return "100 %";
  if (pct > 0 && pct < 0.01) return "< 0.01 %";
  if (pct < 100 && pct > 99.99) return "> 99.99 %";
  if (pct < 1) return `${Number(pct.toFixed(2))} %`;
  if (pct > 99.9 && pct < 100) return `${Number((Math.floor(pct * 100) / 100).toFixed(2))} %`;
  return `${Number(pct.toFixed(1))} %`;
};

/** A change in per cent, with its sign: +4.2 %, −12 %. */
export const formatDelta: Format = (value) => {
  if (missing(value)) return NOTHING;
  const size = Math.abs(value);
  const text = size >= 99.5 ? grouped.format(size) : size.toFixed(1);

  if (Number(text.replace(/,/g, "")) === 0) return "0 %";
  return `${value < 0 ? "−" : "+"}${text} %`;
};

/** A day and time in the reader's zone: 2026-11-21 14:05. */
export function formatDate(ms: number | null | undefined, seconds = false): string {
  if (missing(ms)) return NOTHING;
  const d = new Date(ms);
  const two = (n: number) => String(n).padStart(2, "0");
  const day = `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;

  return `${day} ${two(d.getHours())}:${two(d.getMinutes())}${seconds ? `:${two(d.getSeconds())}` : ""}`;
}

/** How long ago: just now, 5 min ago, 3 h ago, 2 d ago, then the day. */
export function formatAgo(ms: number, now: number): string {
  const s = (now - ms) / 1000;

  if (s < 60) return "just now";
  if (s < 3600) return `${Math.floor(s / 60)} min ago`;
  if (s < 86_400) return `${Math.floor(s / 3600)} h ago`;
  if (s < 14 * 86_400) return `${Math.floor(s / 86_400)} d ago`;
  return formatDate(ms).slice(0, 10);
}

/** How values of a metric are written, by what they contain and, where that says nothing, by the name's ending. */
export function formatFor(contains: Contains, type: MetricType, name = ""): Format {
  if (type === "rate") return formatShare;
  if (contains === "time" || /(_ms|_millis|_milliseconds)$/.test(name)) return formatMs;
  if (contains === "data" || /_bytes$/.test(name)) return formatBytes;
  if (/(_s|_sec|_seconds)$/.test(name)) return (v) => (missing(v) ? NOTHING : formatMs(v * 1000));
  if (/(_percent|_pct)$/.test(name)) return (v) => (missing(v) ? NOTHING : `${formatNumber(v)} %`);
  if (/(_ratio|_share)$/.test(name)) return formatShare;
  return formatNumber;
}

/** The same for an amount in a second. */
export function perSecond(format: Format): Format {
  return (v) => (missing(v) ? NOTHING : `${format(v)}/s`);
}

/** A name of the program's as a title: "http_req_duration" stays; "scale-vus" becomes "Scale VUs". */
export function titleOf(word: string): string {
  const text = word.replace(/[-_]/g, " ").replace(/\bvus\b/g, "VUs");

  return text.charAt(0).toUpperCase() + text.slice(1);
}
