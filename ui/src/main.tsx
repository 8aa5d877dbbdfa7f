import { render } from "preact";
import "./style.css";
import { App } from "./app";
import { takeToken } from "./lib/api";
import { startTheme } from "./lib/theme";

function start(): void {
  const root = document.getElementById("app");

  takeToken();
  startTheme();
  if (root) render(<App />, root);
}

// In a report the script stands in the page itself, and may be read before what follows it.
if (document.readyState === "loading") addEventListener("DOMContentLoaded", start, { once: true });
else start();
