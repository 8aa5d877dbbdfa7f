// Steering a running test: pause, resume, scale, stop.
import { useState } from "preact/hooks";
import { Confirm, Dialog } from "../../components/dialog";
import { toast, toastError } from "../../components/toast";
import { api, reasonOf, type Control } from "../../lib/api";
import type { RunInfo, Scenario } from "../../lib/doc";

/** How a scenario can be scaled while it runs; null: not at all. */
export function scaleOf(s: Scenario): "vus" | "rate" | null {
  if (s.state === "done" || s.state === "interrupted") return null;
  if (s.executor === "constant-vus" || s.executor === "ramping-vus") return "vus";
  if (s.executor.endsWith("arrival-rate")) return "rate";
  return null;
}

async function steer(change: Control, done: string): Promise<void> {
  try {
    await api.control(change);
    toast(done);
  } catch (e) {
    toastError(e);
  }
}

export function ScaleDialog(props: { scenario: Scenario; onClose: () => void }) {
  const { scenario } = props;
  const what = scaleOf(scenario) ?? "vus";
  const now = what === "vus" ? scenario.vus : (scenario.rate ?? 0);
  const [text, setText] = useState(String(Math.round(now * 100) / 100));
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const value = Number(text);
  const wrong = text.trim() === "" || !(value >= 0) || value > 1_000_000 || (what === "vus" && !Number.isInteger(value));
  const send = (e: Event) => {
    e.preventDefault();
    if (wrong) return setError(what === "vus" ? "A whole number from 0 to 1,000,000." : "A number from 0 to 1,000,000.");
    setBusy(true);
    api.control({ action: "scale", scenario: scenario.name, [what]: value }).then(
      () => {
        toast(`${scenario.name}: ${what === "vus" ? `${value} virtual users` : `${value} iterations a second`}`);
        props.onClose();
      },
      (reason: unknown) => {
        setBusy(false);
        setError(reasonOf(reason));
      },
    );
  };

  return (
    <Dialog title={`Scale ${scenario.name}`} onClose={props.onClose}>
      <form class="form" onSubmit={send}>
        <label class="field">
          <span>{what === "vus" ? "Virtual users" : "Iterations a second"}</span>
          <input class="input num" inputMode="decimal" value={text} autoFocus onInput={(e) => (setText(e.currentTarget.value), setError(""))} />
          <span class="field-hint">
            {what === "vus"
              ? "From now on; a ramp ends there. Users too many finish what they are doing."
              : "From now on until the scenario's end. 0 stops arrivals without ending the test."}
          </span>
        </label>
        <p class="form-error" role="alert">{error || "\u00a0"}</p>
        <div class="row form-actions">
          <button type="button" class="button" onClick={props.onClose}>Cancel</button>
          <button type="submit" class="button button-primary" disabled={busy}>Scale</button>
        </div>
      </form>
    </Dialog>
  );
}

export function Controls(props: { run: RunInfo }) {
  const { run } = props;
  const [stopping, setStopping] = useState(false);

  if (!run.controllable || run.state !== "running") return null;
  return (
    <div class="row controls">
      {run.paused ? (
        <button type="button" class="button button-primary" onClick={() => void steer({ action: "resume" }, "The test goes on.")}>Resume</button>
      ) : (
        <button type="button" class="button" onClick={() => void steer({ action: "pause" }, "Paused: no iteration starts until you resume.")}>Pause</button>
      )}
      <button type="button" class="button button-danger" onClick={() => setStopping(true)}>Stop …</button>
      {stopping && (
        <Confirm
          title="Stop the test?"
          text="Iterations that run are interrupted or finish by their scenario's grace, teardown follows, and the run ends. It cannot be resumed."
          action="Stop the test"
          danger
          run={() => api.control({ action: "stop" })}
          onClose={() => setStopping(false)}
        />
      )}
    </div>
  );
}
