import { Empty } from "../components/bits";
import type { Route } from "../lib/route";

export function CompareView(_props: { route: Route }) {
  return <Empty title="Compare" />;
}
