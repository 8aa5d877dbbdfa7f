"use strict";
// The page of a locustfile's run: a form for /swarm, and /stats/requests every second or two.

const base = document.documentElement.dataset.base;
const $ = (id) => document.getElementById(id);
const POLL_MS = 2000;
const BUSY = ["spawning", "running", "cleanup", "stopping"];
let facts = {};
let isBusy = false;

function tell(text, isBad) {
  $("told").textContent = text;
  $("told").classList.toggle("failing", Boolean(isBad));
}

async function ask(path, options) {
  const answer = await fetch(base + path, options);
  if (!answer.ok) {
    throw new Error(`${path}: ${answer.status} ${answer.statusText}`);
  }
  return answer;
}

function round(value, digits) {
  return Number(value).toLocaleString("en", { maximumFractionDigits: digits, useGrouping: false });
}

function cell(text, name) {
  const td = document.createElement("td");
  td.textContent = text;
  td.className = name || "";
  return td;
}

function fill(body, rows, none, columns) {
  const list = rows.map((cells) => {
    const tr = document.createElement("tr");
    tr.append(...cells);
    return tr;
  });
  if (!list.length) {
    const tr = document.createElement("tr");
    const td = cell(none);
    td.colSpan = columns;
    tr.className = "none";
    tr.append(td);
    list.push(tr);
  }
  body.replaceChildren(...list);
}

function percentileKeys(row) {
  return Object.keys(row).filter((key) => key.startsWith("response_time_percentile_")).slice(0, 2);
}

function percentileName(key) {
  return "p" + round(Number(key.slice("response_time_percentile_".length)) * 100, 3);
}

function showRows(stats) {
  const keys = percentileKeys(stats[0]);
  document.querySelectorAll("[data-percentile]").forEach((th) => {
    const key = keys[Number(th.dataset.percentile)];
    th.textContent = key ? `${percentileName(key)} ms` : "";
  });
  fill($("rows"), stats.map((s) => [
    cell(s.method), cell(s.name, "name"), cell(s.num_requests),
    cell(s.num_failures, s.num_failures ? "failing" : ""), cell(round(s.median_response_time, 1)),
    ...[0, 1].map((i) => cell(keys[i] ? round(s[keys[i]], 0) : "")), cell(round(s.avg_response_time, 1)),
    cell(round(s.min_response_time, 1)), cell(round(s.max_response_time, 1)), cell(round(s.avg_content_length, 0)),
    cell(round(s.current_rps, 1)), cell(round(s.current_fail_per_sec, 1), s.current_fail_per_sec ? "failing" : ""),
  ]), "", 13);
  $("rows").lastElementChild.className = "total";
}

function showState(report) {
  const current = Object.values(report.current_response_time_percentiles);
  isBusy = BUSY.includes(report.state);
  $("state").textContent = report.state;
  $("state").dataset.state = report.state;
  $("users").textContent = report.user_count;
  $("rps").textContent = round(report.current_rps, 1);
  $("failed").textContent = `${round(report.fail_ratio * 100, 2)} %`;
  $("failed").classList.toggle("failing", report.fail_ratio > 0);
  $("current").textContent = current.some((v) => v === null) ? "–" : `${current.join(" · ")} ms`;
  $("workers-fact").hidden = report.worker_count === undefined;
  $("workers").textContent = report.worker_count;
  $("stop").disabled = !isBusy;
  $("start").textContent = isBusy ? "Change" : "Start";
  $("swarm-title").textContent = isBusy ? "Change the test" : "Start a test";
  document.title = `${report.state} · brunt · Locust`;
}

async function poll() {
  try {
    const report = await (await ask("/stats/requests")).json();
    const exceptions = (await (await ask("/exceptions")).json()).exceptions;
    showState(report);
    showRows(report.stats);
    fill($("errors"), report.errors.map((e) => [cell(e.occurrences), cell(e.method), cell(e.name, "name"),
      cell(e.error, "name")]), "None so far.", 4);
    fill($("exceptions"), exceptions.map((e) => {
      const message = cell(e.msg, "name");
      message.title = e.traceback;
      return [cell(e.count), message, cell(e.nodes)];
    }), "None so far.", 3);
    if ($("told").dataset.lost) {
      delete $("told").dataset.lost;
      tell("");
    }
  } catch (e) {
    $("told").dataset.lost = "yes";
    tell(`Nobody answers: ${e.message}`, true);
    $("state").textContent = "missing";
    $("state").dataset.state = "missing";
  }
}

async function act(what) {
  try {
    await what();
  } catch (e) {
    tell(e.message, true);
  }
  await poll();
}

function swarm(event) {
  event.preventDefault();
  const form = $("swarm");
  const fields = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    fields.append(name, value);
  }
  form.querySelectorAll("[data-flag]").forEach((box) => fields.set(box.name, String(box.checked)));
  $("start").disabled = true;
  act(async () => {
    const answer = await (await ask("/swarm", { method: "POST", body: fields })).json();
    tell(answer.message, !answer.success);
  }).finally(() => {
    $("start").disabled = false;
  });
}

function labelled(text, input) {
  const label = document.createElement("label");
  label.append(text, input);
  return label;
}

function showClasses(names) {
  names.forEach((name) => {
    const box = document.createElement("input");
    box.type = "checkbox";
    box.name = "user_classes";
    box.value = name;
    box.checked = true;
    const label = labelled("", box);
    label.className = "line";
    label.append(name);
    $("classes").append(label);
  });
  $("classes").hidden = false;
}

function fieldInput(field) {
  const input = document.createElement(field.choices.length ? "select" : "input");
  input.name = field.name;
  if (field.choices.length) {
    input.append(...field.choices.map((choice) => new Option(choice, choice, false, choice === field.value)));
  } else if (field.is_flag) {
    input.type = "checkbox";
    input.dataset.flag = "yes";
    input.checked = field.value === "True";
  } else {
    input.type = field.is_secret ? "password" : "text";
    input.value = field.value;
  }
  return input;
}

function showFields(fields) {
  fields.forEach((field) => {
    const label = labelled(field.name, fieldInput(field));
    if (field.help) {
      const help = document.createElement("small");
      help.textContent = field.help;
      label.append(help);
    }
    $("fields").append(label);
  });
  $("fields").hidden = false;
}

function put(name, value) {
  if (value !== null && value !== undefined) {
    $("swarm").elements[name].value = value;
  }
}

function showFacts() {
  $("file").textContent = facts.locustfile || "";
  put("user_count", facts.users);
  put("spawn_rate", facts.spawn_rate);
  put("host", facts.host);
  put("run_time", facts.run_time);
  if (facts.shape) {
    $("shape").textContent = `Users are those of ${facts.shape}.`;
    $("shape").hidden = false;
    document.querySelectorAll("[data-counts]").forEach((part) => {
      part.hidden = true;
      part.querySelectorAll("input").forEach((input) => {
        input.disabled = true;
      });
    });
  }
  if (facts.has_picker) {
    showClasses(facts.classes);
  }
  if (facts.fields.length) {
    showFields(facts.fields);
  }
}

async function begin() {
  try {
    facts = await (await ask("/facts")).json();
    showFacts();
  } catch (e) {
    tell(`The form lacks what the script says: ${e.message}`, true);
  }
  await poll();
  setInterval(poll, POLL_MS);
}

$("swarm").addEventListener("submit", swarm);
$("stop").addEventListener("click", () => act(async () => {
  tell("Stopping …");
  tell((await (await ask("/stop", { method: "POST" })).json()).message);
}));
$("reset").addEventListener("click", () => act(async () => {
  await ask("/stats/reset", { method: "POST" });
  tell("The statistics start over.");
}));
begin();
