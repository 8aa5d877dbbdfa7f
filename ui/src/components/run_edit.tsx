// Labels and note of a stored run.
import { useState } from "preact/hooks";
import { api, reasonOf } from "../lib/api";
import type { RunInfo } from "../lib/doc";
import { Dialog } from "./dialog";
import { toast } from "./toast";

/** "a, b,, a" to its labels: trimmed, each once. */
export function labelsOf(text: string): string[] {
  return [...new Set(text.split(",").map((part) => part.trim()).filter(Boolean))];
}

export function RunEdit(props: { run: RunInfo; onClose: () => void; onSaved: (run: RunInfo) => void }) {
  const { run } = props;
  const [labels, setLabels] = useState(run.labels.join(", "));
  const [note, setNote] = useState(run.note);
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const save = async (e: Event) => {
    e.preventDefault();
    setBusy(true);
    try {
      const change = { labels: labelsOf(labels), note: note.trim() };
      await api.patchRun(run.id, change);
      props.onSaved({ ...run, ...change });
      toast("Saved.");
      props.onClose();
    } catch (failure) {
      setError(reasonOf(failure));
      setBusy(false);
    }
  };

  return (
    <Dialog title="Labels and note" onClose={props.onClose}>
      <form class="form" onSubmit={save}>
        <p class="muted cut">
          {run.id} · {run.script}
        </p>
        <label class="field">
          <span>Labels, with commas between them</span>
          <input class="input" name="labels" value={labels} autofocus onInput={(e) => setLabels(e.currentTarget.value)} />
        </label>
        <label class="field">
          <span>Note</span>
          <textarea class="input" name="note" rows={4} value={note} onInput={(e) => setNote(e.currentTarget.value)} />
        </label>
        <p class="form-error" role="alert">
          {error || "\u00a0"}
        </p>
        <div class="form-foot">
          <button type="button" class="button" onClick={props.onClose}>
            Cancel
          </button>
          <button type="submit" class="button button-primary" disabled={busy}>
            Save
          </button>
        </div>
      </form>
    </Dialog>
  );
}
