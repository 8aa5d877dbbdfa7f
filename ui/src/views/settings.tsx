import { Empty } from "../components/bits";

export function SettingsView() {
  return <Empty title="Settings" />;
}
