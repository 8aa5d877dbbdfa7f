"""The scripts of examples/gallery and the ledgers of `brunt target`: what was measured must be what was answered."""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests" / "sinks"))

from servers import Target, check, fetch_json  # noqa: E402

# What tells a program to run a script for about three seconds, and where the target tells what it has answered.
SCRIPTS = {
    "llm": (["-u", "5", "-i", "150", "-e", "PAUSE=0"], "/v1/usage"),
    "ecommerce": (["-u", "5", "-i", "200", "-e", "PAUSE=0"], "/shop/sales"),
    "microservices": (["-u", "5", "-i", "300", "-e", "PAUSE=0.01"], "/svc/stats"),
    "cost": (["-e", "SCALE=0.1"], "/cloud/bill"),
}

# Dollars for a thousand tokens, as examples/gallery/llm.js has them.
PRICES = {"gpt-4": (0.03, 0.06), "gpt-4o": (0.0025, 0.01), "gpt-4o-mini": (0.00015, 0.0006)}


def target_of(brunt):
    return Target(brunt, "--seed", "11", "--slowness", "0.1")


def run_script(program, target, name, options=None, more=(), env=()):
    """Runs a script of the gallery; gives (exit code, output, metrics of the exported summary, the target's ledger)."""
    usual, ledger = SCRIPTS[name]
    options = options or usual
    with tempfile.TemporaryDirectory(prefix="brunt-test-") as folder:
        summary = Path(folder) / "summary.json"
        command = [program, "run", "--quiet", *more, *options, "-e", f"BASE_URL={target.url}",
                   "--summary-export", summary, "--summary-trend-stats", "count,avg,min,max,p(95)",
                   ROOT / "examples" / "gallery" / f"{name}.js"]
        done = subprocess.run(command, env={**os.environ, **dict(env)}, capture_output=True, text=True, timeout=120)
        metrics = json.loads(summary.read_text())["metrics"] if summary.exists() else {}
    return done.returncode, done.stdout + done.stderr, metrics, fetch_json(target.url + ledger)


def dollars_of_tokens(ledger):
    return sum(tally["prompt_tokens"] / 1000 * PRICES[model][0] + tally["completion_tokens"] / 1000 * PRICES[model][1]
               for model, tally in ledger["models"].items())


def same(name, have, want):
    """Sums of the same numbers in another order: equal but for what adding doubles loses, far below a cent."""
    check(f"{name}: {want:.10g}", abs(have - want) <= 1e-9 * max(1, abs(want)), have)


def total_of(trend):
    return trend["avg"] * trend["count"]


def check_llm(m, ledger):
    tallies = ledger["models"].values()
    prompt, completion = (sum(t[key] for t in tallies) for key in ("prompt_tokens", "completion_tokens"))
    same("calls that were answered", m["llm_total_calls"]["count"], sum(t["requests"] for t in tallies))
    same("prompt tokens", total_of(m["llm_prompt_tokens"]), prompt)
    same("completion tokens", total_of(m["llm_completion_tokens"]), completion)
    same("all tokens", total_of(m["llm_token_count"]), prompt + completion)
    same("tokens used", m["llm_tokens"]["count"], prompt + completion)
    same("total cost", m["llm_cost_usd"]["count"], dollars_of_tokens(ledger))
    same("the sum of costs per request", total_of(m["llm_request_cost_usd"]), dollars_of_tokens(ledger))
    same("refusals", m["llm_rate_limited"]["passes"], ledger["rate_limited"])
    same("failures", m["llm_errors"]["passes"], ledger["failed"])
    check("some were refused, some failed, and every model was asked",
          ledger["rate_limited"] and ledger["failed"] and all(t["requests"] for t in tallies), ledger)
    check("streamed answers tell when their first token came",
          0 < m["llm_first_token_ms"]["max"] <= m["llm_response_time_ms"]["max"], m["llm_first_token_ms"])


def check_ecommerce(m, ledger):
    cents = ledger["revenue_cents"]
    lost = ledger["out_of_stock"] + ledger["card_declined"] + ledger["payment_timeout"]
    same("orders", m["ecommerce_orders"]["count"], ledger["orders"])
    same("revenue", m["ecommerce_revenue_usd"]["count"], cents / 100)
    same("the sum of order values", total_of(m["ecommerce_order_value_usd"]), cents / 100)
    same("visits that became orders", m["ecommerce_conversions"]["passes"], ledger["orders"])
    same("visits", m["ecommerce_visits"]["count"], 200)
    same("payments that came through", m["ecommerce_payment_success"]["passes"], ledger["orders"])
    same("payments that did not", m["ecommerce_payment_success"]["fails"], lost)
    check("abandoned carts are at least the lost payments", m["ecommerce_cart_abandonments"]["count"] >= lost > 0,
          (m["ecommerce_cart_abandonments"], lost))


def check_microservices(m, ledger):
    stats = ledger.values()
    same("openings of circuits", m["circuit_breaker_activations"]["count"], sum(s["circuit_openings"] for s in stats))
    check("a circuit has opened, and calls were spared", m["circuit_breaker_activations"]["count"] > 0 and
          m["circuit_breaker_rejections"]["count"] > 0, ledger)
    same("answers about services", m["service_health"]["passes"] + m["service_health"]["fails"], 4 * 300)
    calls = m["service_calls"]["count"]
    check("a call is one attempt to three", calls <= sum(s["calls"] for s in stats) <= 3 * calls, (calls, ledger))
    same("users need no retries, and their cache is known", ledger["users"]["calls"], 300)
    check("a call without the cache asks the database",
          m["database_query_time_ms"]["count"] == m["cache_hits"]["fails"], m["database_query_time_ms"])


def check_cost(m, ledger):
    same("requests that were billed", m["cloud_requests"]["count"], sum(i["requests"] for i in ledger["items"]))
    same("total cost", m["cloud_cost_usd"]["count"], ledger["micro_usd"] / 1e6)
    same("the sum of costs per request", total_of(m["cloud_request_cost_usd"]), ledger["micro_usd"] / 1e6)
    check("every endpoint was billed, at peak and off it", all(i["requests"] for i in ledger["items"]), ledger)
    instances = m["cloud_instances"]
    check("instances follow the load", instances["max"] > instances["min"] == 1, instances)


CHECKS = {"llm": check_llm, "ecommerce": check_ecommerce, "microservices": check_microservices, "cost": check_cost}
