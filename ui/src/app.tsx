// The shell: what is at the top of every view, and which view it is.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Empty } from "./components/bits";
import { Dialog } from "./components/dialog";
import { Toasts } from "./components/toast";
import { isReport } from "./lib/report";
import { useRoute, type Route } from "./lib/route";
import { toggleTheme, useTheme } from "./lib/theme";
import { CompareView } from "./views/compare";
import { HistoryView } from "./views/history";
import { LiveView, ReportView, StoredView } from "./views/run";
import { SettingsView } from "./views/settings";
import { TrendView } from "./views/trend";

const KEYS: [string[], string][] = [
  [["/"], "go to the filter"],
  [["t"], "light or dark"],
  [["?"], "this help"],
  [["←", "→"], "move the cursor in a chart that has the focus; with Shift ten at a time"],
  [["Home", "End"], "the chart's first, last point"],
  [["+", "−"], "zoom in, out at the cursor"],
  [["⌫"], "show the whole time again; a double click does it too"],
  [["Esc"], "away with the cursor, the filter, a dialog"],
];

function Help(props: { onClose: () => void }) {
  return (
    <Dialog title="Keys" onClose={props.onClose}>
      <dl class="facts">
        {KEYS.map(([keys, text]) => (
          <>
            <dt>
              {keys.map((k) => (
                <kbd key={k}>{k}</kbd>
              ))}
            </dt>
            <dd>{text}</dd>
          </>
        ))}
      </dl>
      <p class="muted help-note">Drag across a chart to zoom all charts to that time. Click a name in a legend to hide it; with Shift, to see it alone.</p>
    </Dialog>
  );
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.matches("input:not([type=checkbox]), textarea, select") || target.isContentEditable);
}

/** The keys that work everywhere. */
function useKeys(help: () => void): void {
  useEffect(() => {
    const pressed = (e: KeyboardEvent) => {
      if (e.ctrlKey || e.metaKey || e.altKey || isTyping(e.target) || document.querySelector("dialog[open]")) return;
      if (e.key === "?") help();
      else if (e.key === "t") toggleTheme();
      else if (e.key === "/") focusFilter();
      else return;
      e.preventDefault();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
}

/** The filter that is nearest to what can be seen. */
function focusFilter(): void {
  const filters = [...document.querySelectorAll<HTMLInputElement>("input.filter")];
  const seen = filters.find((f) => f.getBoundingClientRect().bottom > 100) ?? filters[0];

  seen?.focus();
  seen?.select();
}

function Logo() {
  return (
    <svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">
      <path d="M2 15.5 6 9l3.5 3L14 3.5l4 12" fill="none" stroke="currentColor" stroke-width="2.4" stroke-linejoin="round" stroke-linecap="round" />
    </svg>
  );
}

function NavLink(props: { to: string; here: boolean; children: ComponentChildren }) {
  return (
    <a href={props.to} aria-current={props.here ? "page" : undefined}>
      {props.children}
    </a>
  );
}

function Bar(props: { route: Route | null; onHelp: () => void }) {
  const theme = useTheme();
  const view = props.route?.view;

  return (
    <header class="bar">
      <a class="brand" href="#/" aria-label="brunt">
        <Logo />
        brunt
      </a>
      {props.route && (
        <nav class="nav" aria-label="Views">
          <NavLink to="#/" here={view === "live"}>
            Live
          </NavLink>
          <NavLink to="#/runs" here={view === "runs" || view === "run" || view === "compare" || view === "trend"}>
            Runs
          </NavLink>
          <NavLink to="#/settings" here={view === "settings"}>
            Settings
          </NavLink>
        </nav>
      )}
      <span class="spread" />
      <button type="button" class="button button-quiet" onClick={toggleTheme} title="Light or dark (t)" aria-label={`Theme: ${theme}`}>
        {theme === "dark" ? "☾" : "☀"}
      </button>
      <button type="button" class="button button-quiet" onClick={props.onHelp} title="Keys (?)" aria-label="Keys">
        ?
      </button>
    </header>
  );
}

function ViewOf(props: { route: Route }) {
  const { route } = props;

  switch (route.view) {
    case "live":
      return <LiveView />;
    case "runs":
      return <HistoryView route={route} />;
    case "run":
      return <StoredView key={route.args[0]} id={route.args[0] ?? ""} />;
    case "compare":
      return <CompareView route={route} />;
    case "trend":
      return <TrendView route={route} />;
    case "settings":
      return <SettingsView />;
    default:
      return (
        <Empty title="There is no such page" height={320}>
          <a href="#/">Go to the live run</a> or to <a href="#/runs">all runs</a>.
        </Empty>
      );
  }
}

export function App() {
  const [help, setHelp] = useState(false);
  const report = isReport();
  const route = useRoute();

  useKeys(() => setHelp(true));
  return (
    <>
      <a class="skip" href="#main" onClick={(e) => (e.preventDefault(), document.getElementById("main")?.focus())}>
        To the content
      </a>
      <Bar route={report ? null : route} onHelp={() => setHelp(true)} />
      <main class="page" id="main" tabIndex={-1}>
        {report ? <ReportView /> : <ViewOf route={route} />}
      </main>
      <Toasts />
      {help && <Help onClose={() => setHelp(false)} />}
    </>
  );
}
