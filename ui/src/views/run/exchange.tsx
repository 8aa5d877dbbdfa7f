// One captured request with its response, as text: whatever a server sent is never markup here.
import { Dialog } from "../../components/dialog";
import { ErrorState, Loading } from "../../components/bits";
import { api } from "../../lib/api";
import type { ExchangeInfo } from "../../lib/doc";
import { formatClock, formatMs } from "../../lib/format";
import { useLoad } from "../../lib/load";

interface Header {
  name?: unknown;
  value?: unknown;
}

interface Message {
  httpVersion?: unknown;
  headers?: Header[];
  status?: unknown;
  statusText?: unknown;
  method?: unknown;
  url?: unknown;
  bodySize?: unknown;
  postData?: { text?: unknown; mimeType?: unknown };
  content?: { text?: unknown; mimeType?: unknown; encoding?: unknown; comment?: unknown };
}

interface HarEntry {
  request?: Message;
  response?: Message;
  timings?: Record<string, unknown>;
  comment?: unknown;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : value === undefined || value === null ? "" : String(value);
}

/** JSON is set out over lines; anything else stays as it came. */
function pretty(body: string): string {
  if (!/^\s*[[{]/.test(body) || body.length > 200_000) return body;
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

function MessageView(props: { title: string; line: string; headers: Header[]; body: string; binary: boolean; size: unknown }) {
  return (
    <section class="message">
      <h3>{props.title}</h3>
      <p class="mono message-line">{props.line}</p>
      <dl class="headers mono">
        {props.headers.map((h, i) => (
          <div key={i}>
            <dt>{text(h.name)}:</dt>
            <dd>{text(h.value)}</dd>
          </div>
        ))}
      </dl>
      {props.body ? (
        <pre class="code code-wrap" tabIndex={0}>{props.binary ? props.body : pretty(props.body)}</pre>
      ) : (
        <p class="muted">{props.size === 0 ? "It has no body." : "No body was kept."}</p>
      )}
    </section>
  );
}

function Timings(props: { timings: Record<string, unknown> }) {
  const parts = Object.entries(props.timings).filter(([, v]) => typeof v === "number" && v >= 0) as [string, number][];

  return (
    <p class="row num">
      {parts.map(([name, ms]) => (
        <span class="tag" key={name}>
          {name} {formatMs(ms)}
        </span>
      ))}
    </p>
  );
}

export function ExchangeDialog(props: { run: string; info: ExchangeInfo; onClose: () => void }) {
  const { info } = props;
  const loaded = useLoad(() => (info.har !== undefined ? Promise.resolve(info.har) : api.exchange(props.run, info.key)), [info.key]);
  const har = (loaded.data ?? {}) as HarEntry;
  const { request = {}, response = {} } = har;

  return (
    <Dialog title={`${info.method} ${info.name}`} onClose={props.onClose} wide>
      <p class="muted num">
        {info.kind === "slow" ? "One of the slowest" : info.error || "Failed"} · at {formatClock(info.t, true)} · {formatMs(info.duration_ms)}
        {info.scenario && ` · ${info.scenario}`}
      </p>
      {loaded.error && <ErrorState title="The exchange could not be read" text={loaded.error} onRetry={loaded.reload} />}
      {!loaded.error && !loaded.data && <Loading height={320} />}
      {loaded.data !== null && (
        <>
          {har.timings && <Timings timings={har.timings} />}
          <MessageView
            title="Request"
            line={`${text(request.method) || info.method} ${text(request.url) || info.url} ${text(request.httpVersion)}`}
            headers={request.headers ?? []}
            body={text(request.postData?.text)}
            binary={false}
            size={request.bodySize}
          />
          <MessageView
            title="Response"
            line={info.status === 0 ? `none: ${info.error || "no answer"}` : `${text(response.httpVersion)} ${text(response.status)} ${text(response.statusText)}`}
            headers={response.headers ?? []}
            body={text(response.content?.text)}
            binary={text(response.content?.encoding) === "base64"}
            size={response.bodySize}
          />
        </>
      )}
    </Dialog>
  );
}
