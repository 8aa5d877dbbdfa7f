// Settings → App Monitoring: the connections to which results are published when a run has ended.
import { useState } from "preact/hooks";
import { Badge, Empty, ErrorState, Loading } from "../components/bits";
import { Confirm } from "../components/dialog";
import { toast, toastError } from "../components/toast";
import { api, reasonOf } from "../lib/api";
import { checkConnection, type ConnectionForm } from "../lib/connection";
import type { Connection } from "../lib/doc";
import { useLoad } from "../lib/load";
import "./settings.css";

const NEW: ConnectionForm = { name: "", endpoint: "", username: "", key: "", namespace: "lp.run_results", tags: "", enabled: true, hasKey: false };

function formOf(c: Connection): ConnectionForm {
  return { name: c.name, endpoint: c.endpoint, username: c.username, key: "", namespace: c.namespace, tags: c.default_tags.join(", "), enabled: c.enabled, hasKey: c.has_key };
}

/** A field with its name, what it is for, and what is wrong with it. */
function Field(props: {
  label: string;
  hint: string;
  value: string;
  error?: string;
  type?: "text" | "password" | "url";
  placeholder?: string;
  disabled?: boolean;
  onInput: (value: string) => void;
}) {
  return (
    <label class="field">
      <span>{props.label}</span>
      <input
        class="input"
        type={props.type ?? "text"}
        value={props.value}
        placeholder={props.placeholder}
        disabled={props.disabled}
        autoComplete={props.type === "password" ? "new-password" : "off"}
        spellcheck={false}
        aria-invalid={props.error ? true : undefined}
        onInput={(e) => props.onInput(e.currentTarget.value)}
      />
      <span class={props.error ? "field-hint cell-bad" : "field-hint"}>{props.error ?? props.hint}</span>
    </label>
  );
}

type Trial = { tone: "good" | "bad" | "muted"; text: string } | null;

function Editor(props: { connection: Connection | null; taken: string[]; onDone: (name: string | null) => void }) {
  const { connection } = props;
  const [form, setForm] = useState(connection ? formOf(connection) : NEW);
  const [tried, setTried] = useState(false); // to save: from then on mistakes are shown
  const [busy, setBusy] = useState(false);
  const [trial, setTrial] = useState<Trial>(null);
  const [removing, setRemoving] = useState(false);
  const errors = checkConnection(form, connection ? [] : props.taken);
  const shown = tried ? errors : {};
  const set = (change: Partial<ConnectionForm>) => setForm({ ...form, ...change });

  const save = async (): Promise<boolean> => {
    setTried(true);
    if (Object.keys(errors).length > 0) return false;
    setBusy(true);
    try {
      await api.putConnection(form.name.trim(), {
        endpoint: form.endpoint.trim(),
        username: form.username.trim(),
        ...(form.key ? { key: form.key } : {}),
        namespace: form.namespace.trim(),
        default_tags: form.tags.split(",").map((t) => t.trim()).filter(Boolean),
        enabled: form.enabled,
      });
      set({ key: "", hasKey: form.hasKey || form.key !== "" });
      return true;
    } catch (e) {
      toastError(e);
      return false;
    } finally {
      setBusy(false);
    }
  };
  const test = async () => {
    if (!(await save())) return;
    setTrial({ tone: "muted", text: "Sending a point …" });
    try {
      const answer = await api.testConnection(form.name.trim());
      setTrial({ tone: "good", text: answer?.text ?? "The receiver took a point: the connection works." });
    } catch (e) {
      setTrial({ tone: "bad", text: reasonOf(e) });
    }
  };

  return (
    <form
      class="card connection-form"
      onSubmit={(e) => {
        e.preventDefault();
        void save().then((ok) => {
          if (!ok) return;
          toast("Saved.");
          props.onDone(form.name.trim());
        });
      }}
    >
      <div class="tiles" role="radiogroup" aria-label="Provider">
        <button type="button" class="tile" role="radio" aria-checked="true">
          <svg width="28" height="28" viewBox="0 0 28 28" aria-hidden="true">
            <path d="M4 23V14m7 9V6m7 17v-7m6 7V10" stroke="currentColor" stroke-width="3.2" stroke-linecap="round" fill="none" />
          </svg>
          <span>
            <strong>Grafana</strong>
            <span class="field-hint">Graphite metrics of Grafana Cloud</span>
          </span>
        </button>
      </div>
      <div class="form form-two">
        <Field label="Connection name" hint="What you call it here." value={form.name} error={shown.name} disabled={connection !== null} onInput={(name) => set({ name })} />
        <Field label="Graphite ingest URL" hint="Ends with /graphite/metrics." type="url" value={form.endpoint} error={shown.endpoint} placeholder="https://graphite-prod-….grafana.net/graphite/metrics" onInput={(endpoint) => set({ endpoint })} />
        <Field label="Graphite username" hint="The instance ID of your Graphite stack." value={form.username} error={shown.username} onInput={(username) => set({ username })} />
        <Field
          label="Access token"
          hint={form.hasKey ? "A token is stored; it is never shown. Leave this empty to keep it." : "Of an access policy with metrics:write. It is stored, and never shown again."}
          type="password"
          value={form.key}
          error={shown.key}
          placeholder={form.hasKey ? "•••••••• (stored)" : ""}
          onInput={(key) => set({ key })}
        />
        <Field label="Metric namespace" hint="The first part of all metrics' names." value={form.namespace} error={shown.namespace} onInput={(namespace) => set({ namespace })} />
        <Field label="Default tags" hint="Optional, with commas between them: env:prod, team:perf" value={form.tags} error={shown.tags} onInput={(tags) => set({ tags })} />
      </div>
      <label class="check-field">
        <input type="checkbox" checked={form.enabled} onChange={(e) => set({ enabled: e.currentTarget.checked })} />
        <span>
          Enable automatic publishing
          <span class="field-hint block">Results are sent when a run has finished, was stopped or failed.</span>
        </span>
      </label>
      <p class="trial" role="status">
        {trial ? <Badge tone={trial.tone}>{trial.tone === "bad" ? "failed" : trial.tone === "good" ? "works" : "testing"}</Badge> : null}
        <span>{trial?.text ?? "\u00a0"}</span>
      </p>
      <div class="row">
        {connection && (
          <button type="button" class="button button-danger" onClick={() => setRemoving(true)}>
            Remove …
          </button>
        )}
        <span class="spread" />
        <button type="button" class="button" onClick={() => props.onDone(null)}>
          Cancel
        </button>
        <button type="button" class="button" disabled={busy} onClick={() => void test()}>
          Save and test
        </button>
        <button type="submit" class="button button-primary" disabled={busy}>
          Save
        </button>
      </div>
      {removing && connection && (
        <Confirm
          title={`Remove ${connection.name}?`}
          text="Results are no longer published there; its token is forgotten. What was published stays in Grafana."
          action="Remove"
          danger
          run={() => api.deleteConnection(connection.name).then(() => props.onDone(null))}
          onClose={() => setRemoving(false)}
        />
      )}
    </form>
  );
}

function ConnectionRow(props: { connection: Connection; onEdit: () => void }) {
  const { connection: c } = props;

  return (
    <li class="connection">
      <span class="connection-name">
        <strong>{c.name}</strong>
        <span class="muted">{c.endpoint}</span>
      </span>
      <Badge tone={c.enabled ? "good" : "muted"}>{c.enabled ? "publishes" : "off"}</Badge>
      {!c.has_key && <Badge tone="warn">no token</Badge>}
      <button type="button" class="button" onClick={props.onEdit} aria-label={`Edit ${c.name}`}>
        Edit
      </button>
    </li>
  );
}

export function SettingsView() {
  const { data, error, reload } = useLoad(api.connections, []);
  const [editing, setEditing] = useState<string | null>(null); // "" a new one
  const done = () => {
    setEditing(null);
    reload();
  };
  const current = data?.find((c) => c.name === editing) ?? null;

  return (
    <div class="settings">
      <div class="page-head">
        <h1>App Monitoring</h1>
        <span class="spread" />
        {editing === null && data && (
          <button type="button" class="button button-primary" onClick={() => setEditing("")}>
            Add connection
          </button>
        )}
      </div>
      <p class="muted settings-lead">Where results go when a run has ended: as Graphite metrics to Grafana.</p>
      {!data && error && <ErrorState title="The connections cannot be read" text={error} onRetry={reload} />}
      {!data && !error && <Loading />}
      {data && editing !== null && <Editor key={editing} connection={current} taken={data.map((c) => c.name)} onDone={done} />}
      {data && editing === null && data.length === 0 && (
        <div class="card">
          <Empty title="No connection yet">Add one, and every run publishes its results by itself.</Empty>
        </div>
      )}
      {data && editing === null && data.length > 0 && (
        <ul class="card connections">
          {data.map((c) => (
            <ConnectionRow key={c.name} connection={c} onEdit={() => setEditing(c.name)} />
          ))}
        </ul>
      )}
    </div>
  );
}
