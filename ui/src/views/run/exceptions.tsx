// What scripts threw and nobody caught: one row for each kind at a place, with the stack of the first.
import { useEffect, useState } from "preact/hooks";
import { Section } from "../../components/bits";
import { Dialog } from "../../components/dialog";
import { Table, type Column } from "../../components/table";
import { api } from "../../lib/api";
import type { ExceptionInfo } from "../../lib/doc";
import { formatClock, formatCount } from "../../lib/format";
import type { RunProps } from "./context";

const READ_MS = 3000;

/** "ValueError: no such item" */
export function exceptionName(e: ExceptionInfo): string {
  if (e.others) return "others, for which there was no room";
  return [e.kind, e.message].filter((s) => s !== "").join(": ") || "without a message";
}

/** "local", or the numbers of the worker processes. */
export function workersText(e: ExceptionInfo): string {
  return e.workers.length > 0 ? e.workers.join(", ") : "local";
}

const columns = (hasWorkers: boolean): Column<ExceptionInfo>[] => [
  { key: "name", title: "Exception", value: exceptionName },
  { key: "place", title: "At", value: (e) => e.place, width: 220, align: "left" },
  { key: "scenario", title: "Scenario", help: "of the first", value: (e) => e.scenario, width: 120, align: "left" },
  { key: "n", title: "Count", value: (e) => e.count, render: (e) => formatCount(e.count), descending: true, width: 96 },
  { key: "first", title: "First", value: (e) => e.first_t, render: (e) => formatClock(e.first_t, true), width: 88 },
  { key: "last", title: "Last", value: (e) => e.last_t, render: (e) => formatClock(e.last_t, true), descending: true, width: 88 },
  ...(hasWorkers ? [{ key: "workers", title: "Workers", value: workersText, width: 96, align: "left" as const }] : []),
];

function Details(props: { info: ExceptionInfo; onClose: () => void }) {
  const { info } = props;

  return (
    <Dialog title={exceptionName(info)} onClose={props.onClose} wide>
      <p class="muted num">
        {formatCount(info.count)} times{info.place && ` · ${info.place}`} · first at {formatClock(info.first_t, true)} · last at {formatClock(info.last_t, true)}
        {info.scenario && ` · ${info.scenario}`}
        {info.workers.length > 0 && ` · workers ${workersText(info)}`}
      </p>
      {info.stack ? <pre class="code code-wrap" tabIndex={0}>{info.stack}</pre> : <p class="muted">No stack was kept.</p>}
    </Dialog>
  );
}

/** Those of the document, and of a test that runs the newest there are. */
function useExceptions(props: RunProps): ExceptionInfo[] {
  const { model, mode } = props;
  const [, redraw] = useState(0);
  const isLive = mode === "live" && model.run.state === "running";

  useEffect(() => {
    if (mode !== "live") return;
    let current = true;
    const read = () =>
      void api.exceptions(model.run.id).then(
        (list) => {
          if (!current) return;
          model.exceptions = list;
          redraw((n) => n + 1);
        },
        () => undefined, // the next one may come through
      );
    const timer = isLive ? setInterval(() => document.visibilityState === "visible" && read(), READ_MS) : undefined;
    read(); // when it begins, and once more when it is over
    return () => {
      current = false;
      clearInterval(timer);
    };
  }, [model, mode, isLive]);
  return model.exceptions;
}

export function Exceptions(props: RunProps) {
  const all = useExceptions(props);
  const [open, setOpen] = useState<ExceptionInfo | null>(null);

  if (all.length === 0) return null;
  return (
    <Section id="exceptions" title="Exceptions">
      <div class="card wide">
        <Table
          label="Exceptions"
          rows={all}
          columns={columns(all.some((e) => e.workers.length > 0))}
          rowKey={(e) => `${e.kind} ${e.place} ${e.message} ${e.first_ms} ${e.others}`}
          sort={{ key: "n", descending: true }}
          filter={(e) => `${exceptionName(e)} ${e.place} ${e.scenario}`}
          filterHint="Filter exceptions"
          empty="No exceptions."
          maxHeight={360}
          onOpen={setOpen}
        />
      </div>
      {open && <Details info={open} onClose={() => setOpen(null)} />}
    </Section>
  );
}
