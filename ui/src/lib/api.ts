// The client of /api and /v1. A token given as #token=... is kept for this tab and taken out of the address.
import type { Comparison, Connection, ExceptionInfo, RunDoc, RunInfo, RunList, Trend } from "./doc";

const TOKEN_KEY = "brunt-token";

/** What the server, or the way to it, said no with. `status` is 0 where there was no answer. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Splits a token off an address's hash: "#/runs?token=x" is "#/runs" and "x". */
export function splitToken(hash: string): { hash: string; token: string | null } {
  const match = /[#?&]token=([^&]*)/.exec(hash);

  if (!match || match[1] === undefined) return { hash, token: null };
  const rest = hash.replace(match[0], match[0].startsWith("#") ? "#" : "");
  return { hash: rest === "#" || rest === "" ? "#/" : rest, token: decodeURIComponent(match[1]) };
}

/** Takes the token out of the address. To be called once, before anything is asked for. */
export function takeToken(): void {
  try {
    const { hash, token } = splitToken(location.hash);
    if (token === null) return;
    sessionStorage.setItem(TOKEN_KEY, token);
    history.replaceState(null, "", hash);
  } catch {
    // no storage for this page: the server will ask for the token again
  }
}

function token(): string | null {
  try {
    return sessionStorage.getItem(TOKEN_KEY);
  } catch {
    return null;
  }
}

export function setToken(value: string): void {
  sessionStorage.setItem(TOKEN_KEY, value);
}

/** The sentence in an error's body: {"errors": [{"title", "detail"}]} or {"error": "..."}, else its text. */
export function errorText(status: number, body: string): string {
  try {
    const parsed = JSON.parse(body) as { errors?: { title?: string; detail?: string }[]; error?: string };
    const first = parsed.errors?.[0];
    const text = first?.detail || first?.title || parsed.error;
    if (text) return text;
  } catch {
    // not JSON
  }
  return body.trim().slice(0, 300) || `the server answered ${status}`;
}

async function request(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = {};
  const secret = token();

  if (secret) headers["Authorization"] = `Bearer ${secret}`;
  if (method !== "GET") headers["Content-Type"] = "application/json";
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers,
      cache: "no-store",
      body: method === "GET" ? undefined : JSON.stringify(body ?? {}),
      signal,
    });
  } catch (e) {
    if (signal?.aborted) throw e;
    throw new ApiError(0, "brunt cannot be reached: is it still running?");
  }
  if (!response.ok) throw new ApiError(response.status, errorText(response.status, await response.text()));
  return response;
}

async function json<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await request(method, path, body);
  const text = await response.text();

  return (text ? JSON.parse(text) : null) as T;
}

function query(values: Record<string, string | number | boolean | undefined>): string {
  const parts = Object.entries(values)
    .filter(([, v]) => v !== undefined && v !== "" && v !== false)
    .map(([k, v]) => `${k}=${encodeURIComponent(v === true ? "1" : String(v))}`);

  return parts.length > 0 ? `?${parts.join("&")}` : "";
}

const id = encodeURIComponent;

export interface RunQuery {
  q?: string;
  script?: string;
  label?: string;
  baseline?: boolean;
  limit?: number;
  offset?: number;
}

/** What /v1/control takes. */
export interface Control {
  action: "pause" | "resume" | "stop" | "scale";
  scenario?: string;
  vus?: number;
  rate?: number;
}

export const api = {
  live: () => json<{ run: RunInfo | null; seq: number }>("GET", "/api/live"),
  liveEvents: (signal: AbortSignal) => request("GET", "/api/live/events", undefined, signal),
  runs: (q: RunQuery = {}) => json<RunList>("GET", `/api/runs${query({ ...q })}`),
  run: (run: string, steps?: number) => json<RunDoc>("GET", `/api/runs/${id(run)}${query({ steps })}`),
  script: async (run: string) => (await request("GET", `/api/runs/${id(run)}/script`)).text(),
  exceptions: (run: string) => json<ExceptionInfo[]>("GET", `/api/runs/${id(run)}/exceptions`),
  exchange: (run: string, key: number) => json<unknown>("GET", `/api/runs/${id(run)}/exchanges/${key}`),
  har: async (run: string) => (await request("GET", `/api/runs/${id(run)}/har`)).blob(),
  patchRun: (run: string, change: { labels?: string[]; note?: string; baseline?: boolean }) =>
    json<unknown>("PATCH", `/api/runs/${id(run)}`, change),
  deleteRun: (run: string) => json<unknown>("DELETE", `/api/runs/${id(run)}`),
  compare: (current: string, baseline: string, threshold?: number) =>
    json<Comparison>("GET", `/api/compare${query({ current, baseline, threshold })}`),
  trend: (script: string, metric: string, stat: string) =>
    json<Trend>("GET", `/api/trend${query({ script, metric, stat })}`),
  scripts: () => json<{ script: string; runs: number; last_ms: number }[]>("GET", "/api/scripts"),
  connections: () => json<Connection[]>("GET", "/api/connections"),
  putConnection: (name: string, c: Omit<Connection, "name" | "has_key" | "provider"> & { key?: string }) =>
    json<unknown>("PUT", `/api/connections/${id(name)}`, c),
  deleteConnection: (name: string) => json<unknown>("DELETE", `/api/connections/${id(name)}`),
  testConnection: (name: string) => json<{ text?: string } | null>("POST", `/api/connections/${id(name)}/test`),
  control: (change: Control) => json<unknown>("POST", "/v1/control", { ...change, by: "page" }),
};

/** What was wrong, as a sentence. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
