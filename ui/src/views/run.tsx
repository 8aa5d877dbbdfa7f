import { Empty } from "../components/bits";

export function LiveView() {
  return <Empty title="Live" />;
}

export function ReportView() {
  return <Empty title="Report" />;
}

export function StoredView(props: { id: string }) {
  return <Empty title={props.id} />;
}
