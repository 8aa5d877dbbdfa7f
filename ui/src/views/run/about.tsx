// What happened besides the load, and what the run was made of.
import { useState } from "preact/hooks";
import { Empty, ErrorState, Loading, Section, Tabs } from "../../components/bits";
import { Table, type Column } from "../../components/table";
import { api } from "../../lib/api";
import type { RunEvent, RunInfo } from "../../lib/doc";
import { formatClock, formatDate, titleOf } from "../../lib/format";
import { useLoad } from "../../lib/load";
import { eventText, type RunProps } from "./context";

const EVENTS: Column<RunEvent>[] = [
  { key: "t", title: "At", value: (e) => e.t, render: (e) => <span class="num">{formatClock(e.t, true)}</span>, width: 88 },
  { key: "kind", title: "What", align: "left", width: 140, value: (e) => e.kind, render: (e) => titleOf(e.kind) },
  { key: "text", title: "In words", align: "left", width: 560, value: eventText },
  { key: "by", title: "By", align: "left", width: 110, value: (e) => e.by ?? null },
  { key: "at", title: "Time", width: 170, value: (e) => e.at_ms, render: (e) => formatDate(e.at_ms, true) },
];

export function Events(props: RunProps) {
  const { model } = props;

  if (model.events.length === 0) return null;
  return (
    <Section id="events" title="Events" note="They stand in every chart as dashed lines.">
      <div class="card">
        <Table label="Events" rows={model.events} columns={EVENTS} rowKey={(e) => `${e.at_ms} ${e.t} ${e.kind} ${e.text}`} filter={model.events.length > 12 ? eventText : undefined} filterHint="Filter events" maxHeight={320} />
      </div>
    </Section>
  );
}

function Facts(props: { facts: [string, unknown][] }) {
  const shown = props.facts.filter(([, v]) => v !== null && v !== undefined && v !== "");

  return (
    <dl class="facts">
      {shown.map(([name, value]) => (
        <>
          <dt>{titleOf(name)}</dt>
          <dd class="num">{typeof value === "object" ? JSON.stringify(value) : String(value)}</dd>
        </>
      ))}
    </dl>
  );
}

function factsOf(run: RunInfo): [string, unknown][] {
  return [
    ["run", run.id],
    ["script", run.script],
    ["kind", run.kind],
    ["script hash", run.script_hash],
    ["git commit", run.git ? `${run.git.commit} on ${run.git.branch}${run.git.dirty ? ", with changes" : ""}` : null],
    ["created", formatDate(run.created_ms, true)],
    ["started", run.started_ms && formatDate(run.started_ms, true)],
    ["ended", run.ended_ms && formatDate(run.ended_ms, true)],
    ["exit code", run.exit_code],
    ["note", run.note],
    ...Object.entries(run.tags).map(([k, v]): [string, unknown] => [`tag ${k}`, v]),
    ...Object.entries(run.environment),
  ];
}

function ScriptText(props: { run: string; text: string | undefined; offline: boolean }) {
  const loaded = useLoad(() => (props.text !== undefined || props.offline ? Promise.resolve(props.text ?? "") : api.script(props.run)), [props.run]);

  if (loaded.error) return <ErrorState title="The script could not be read" text={loaded.error} onRetry={loaded.reload} />;
  if (loaded.data === null) return <Loading />;
  if (loaded.data === "") return <Empty title="The script's text was not kept" />;
  return (
    <pre class="code" tabIndex={0}>
      {loaded.data}
    </pre>
  );
}

type Kind = "environment" | "options" | "script";

export function About(props: RunProps) {
  const { model, mode } = props;
  const [kind, setKind] = useState<Kind>("environment");

  return (
    <Section id="about" title="Environment, options, script">
      <div class="card">
        <Tabs
          label="About the run"
          tabs={[
            { key: "environment", title: "Environment" },
            { key: "options", title: "Options" },
            { key: "script", title: "Script" },
          ]}
          value={kind}
          onChange={setKind}
        />
        <div class="card-body">
          {kind === "environment" && <Facts facts={factsOf(model.run)} />}
          {kind === "options" && (
            <pre class="code" tabIndex={0}>
              {JSON.stringify(model.run.options ?? {}, null, 2)}
            </pre>
          )}
          {kind === "script" && <ScriptText run={model.run.id} text={model.script} offline={mode === "report"} />}
        </div>
      </div>
    </Section>
  );
}
