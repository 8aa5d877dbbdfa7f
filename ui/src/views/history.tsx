import { Empty } from "../components/bits";
import type { Route } from "../lib/route";

export function HistoryView(_props: { route: Route }) {
  return <Empty title="History" />;
}
