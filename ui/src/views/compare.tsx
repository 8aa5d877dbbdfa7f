// Runs side by side: two are judged, more are listed. Charts lay them over each other from their starts on.
import { useEffect } from "preact/hooks";
import { Empty, ErrorState, Loading } from "../components/bits";
import { api } from "../lib/api";
import type { RunInfo } from "../lib/doc";
import { useLoad } from "../lib/load";
import { href, type Route } from "../lib/route";
import { CompareMany } from "./compare_many";
import { CompareTwo } from "./compare_two";
import "./pages.css";

const STEPS = 300; // of each run's charts
const EARLIER = 100; // runs that are looked through

/** The tolerated change in per cent that the address names; undefined: the server's own. */
export function toleranceOf(query: URLSearchParams): number | undefined {
  const value = Number(query.get("threshold") ?? 0);

  return value > 0 && value <= 1000 ? value : undefined;
}

export function CompareView(props: { route: Route }) {
  const ids = [...new Set(props.route.args)];
  const tolerated = toleranceOf(props.route.query);
  const key = JSON.stringify(ids);
  const docs = useLoad(async () => (ids.length < 2 ? [] : Promise.all(ids.map((id) => api.run(id, STEPS)))), [key]);

  useEffect(() => {
    document.title = "Comparison · brunt";
  }, []);
  if (ids.length === 1) return <WithBaseline id={ids[0] as string} />;
  if (ids.length === 0)
    return (
      <Empty title="Nothing to compare" height={320}>
        Select two runs or more in <a href={href("runs")}>the history</a>.
      </Empty>
    );
  if (docs.error) return <ErrorState title="The runs could not be read" text={docs.error} onRetry={docs.reload} height={320} />;
  if (!docs.data || docs.data.length !== ids.length) return <Loading height={1200} text="Reading the runs …" />;
  return ids.length === 2 ? (
    <CompareTwo ids={[ids[0] as string, ids[1] as string]} docs={docs.data} tolerated={tolerated} />
  ) : (
    <CompareMany ids={ids} docs={docs.data} />
  );
}

/** What a run is compared with where nobody says: its script's baseline, else the run of the script before it. */
export async function baselineOf(id: string): Promise<RunInfo | null> {
  const { run } = await api.run(id, 1);
  const marked = await api.runs({ script: run.script, baseline: true, limit: 2 });
  const baseline = marked.runs.find((r) => r.id !== run.id);
  if (baseline) return baseline;

  const all = await api.runs({ script: run.script, limit: EARLIER });
  return all.runs.find((r) => r.created_ms < run.created_ms && r.state === "finished") ?? null;
}

function WithBaseline(props: { id: string }) {
  const found = useLoad(() => baselineOf(props.id), [props.id]);

  useEffect(() => {
    if (found.data) location.replace(href("compare", props.id, found.data.id));
  }, [found.data]);
  if (found.error) return <ErrorState title="The run could not be read" text={found.error} onRetry={found.reload} height={320} />;
  if (found.loading || found.data) return <Loading height={1200} text="Looking for its baseline …" />;
  return (
    <Empty title="Nothing to compare it with" height={320}>
      There is no baseline of its script and no run before it. Select two runs in <a href={href("runs")}>the history</a>.
    </Empty>
  );
}
