// The form of a connection, and what may be wrong with it before the server is asked.
export interface ConnectionForm {
  name: string;
  endpoint: string;
  username: string;
  key: string; // "": keep the one that is stored
  namespace: string;
  tags: string; // "env:prod, team:perf"
  enabled: boolean;
  hasKey: boolean;
}

export type ConnectionErrors = Partial<Record<"name" | "endpoint" | "username" | "key" | "namespace" | "tags", string>>;

function endpointError(text: string): string | undefined {
  let url: URL;

  if (text === "") return "The ingest URL is missing: Grafana's Graphite setup page has it.";
  try {
    url = new URL(text);
  } catch {
    return "This is not a URL.";
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") return "The URL has to begin with https://";
  if (url.pathname.replace(/\/$/, "").endsWith("/graphite")) return "This is the URL of queries. The ingest URL ends with /graphite/metrics.";
  return undefined;
}

/** What is wrong, by field; nothing: {}. `taken` are names that another connection has. */
export function checkConnection(form: ConnectionForm, taken: string[]): ConnectionErrors {
  const errors: ConnectionErrors = {};
  const name = form.name.trim();
  const endpoint = endpointError(form.endpoint.trim());
  const tags = form.tags.split(",").map((t) => t.trim()).filter(Boolean);

  if (name === "") errors.name = "The connection needs a name.";
  else if (name.length > 100) errors.name = "A name has at most 100 characters.";
  else if (taken.includes(name)) errors.name = "There is a connection of this name.";
  if (endpoint) errors.endpoint = endpoint;
  if (form.username.trim() === "") errors.username = "The username is missing: the instance ID of your Graphite stack.";
  if (form.key === "" && !form.hasKey) errors.key = "The access token is missing.";
  if (form.namespace.trim() !== "" && !/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/.test(form.namespace.trim()))
    errors.namespace = "Letters, digits, _ and -, in parts with dots between them.";
  const wrong = tags.find((t) => !/^[^:=;~\s]+[:=][^;~]+$/.test(t));
  if (wrong !== undefined) errors.tags = `“${wrong}” is not of the form name:value.`;
  return errors;
}
