// Runs side by side: two are judged, more are listed. Charts lay them over each other from their starts on.
import { useEffect } from "preact/hooks";
import { Empty, ErrorState, Loading } from "../components/bits";
import { api } from "../lib/api";
import { useLoad } from "../lib/load";
import { href, type Route } from "../lib/route";
import { CompareMany } from "./compare_many";
import { CompareTwo } from "./compare_two";
import "./pages.css";

const STEPS = 300; // of each run's charts
const TOLERATED_DEFAULT = 10; // per cent

export function toleranceOf(query: URLSearchParams): number {
  const value = Number(query.get("threshold") ?? TOLERATED_DEFAULT);

  return Number.isFinite(value) && value > 0 && value <= 1000 ? value : TOLERATED_DEFAULT;
}

export function CompareView(props: { route: Route }) {
  const ids = [...new Set(props.route.args)];
  const tolerated = toleranceOf(props.route.query);
  const key = JSON.stringify(ids);
  const docs = useLoad(() => Promise.all(ids.map((id) => api.run(id, STEPS))), [key]);

  useEffect(() => {
    document.title = "Comparison · brunt";
  }, []);
  if (ids.length < 2)
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
