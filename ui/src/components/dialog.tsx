// A modal dialog: the browser's own element keeps the focus inside and closes on Escape.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

export function Dialog(props: {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
  actions?: ComponentChildren;
  wide?: boolean;
}) {
  const element = useRef<HTMLDialogElement>(null);

  useEffect(() => {
    const dialog = element.current;
    const before = document.activeElement;
    dialog?.showModal();
    return () => {
      dialog?.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);

  return (
    <dialog
      ref={element}
      class={`dialog${props.wide ? " dialog-wide" : ""}`}
      aria-label={props.title}
      onCancel={(e) => {
        e.preventDefault();
        props.onClose();
      }}
      onClick={(e) => e.target === element.current && props.onClose()}
    >
      <div class="dialog-body">
        <header class="dialog-head">
          <h2>{props.title}</h2>
          <button type="button" class="button button-quiet" aria-label="Close" onClick={props.onClose}>
            ✕
          </button>
        </header>
        <div class="dialog-content">{props.children}</div>
        {props.actions && <footer class="dialog-foot">{props.actions}</footer>}
      </div>
    </dialog>
  );
}

/** Asks before something that cannot be undone. `run` may fail: its error is shown, the dialog stays. */
export function Confirm(props: {
  title: string;
  text: ComponentChildren;
  action: string;
  danger?: boolean;
  run: () => Promise<unknown>;
  onClose: () => void;
}) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const go = () => {
    setBusy(true);
    props.run().then(props.onClose, (e: unknown) => {
      setBusy(false);
      setError(e instanceof Error ? e.message : String(e));
    });
  };

  return (
    <Dialog
      title={props.title}
      onClose={props.onClose}
      actions={
        <>
          <button type="button" class="button" onClick={props.onClose}>
            Cancel
          </button>
          <button type="button" class={`button ${props.danger ? "button-danger" : "button-primary"}`} disabled={busy} onClick={go}>
            {props.action}
          </button>
        </>
      }
    >
      <p>{props.text}</p>
      <p class="form-error" role="alert">
        {error || "\u00a0"}
      </p>
    </Dialog>
  );
}
