import { Empty } from "../components/bits";
import type { Route } from "../lib/route";

export function TrendView(_props: { route: Route }) {
  return <Empty title="Trend" />;
}
