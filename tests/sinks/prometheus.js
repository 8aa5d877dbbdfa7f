// A run whose numbers are known: 20000 values of a trend, evenly spread over three decades.
import http from 'k6/http';
import exec from 'k6/execution';
import { check, sleep } from 'k6';
import { Counter, Gauge, Trend } from 'k6/metrics';

const ITERATIONS = 40;
const EACH = 500;
const orders = new Counter('orders');
const depth = new Gauge('depth');
const spread = new Trend('spread', true);

export const options = { scenarios: { one: { executor: 'shared-iterations', vus: 2, iterations: ITERATIONS } } };

export default function () {
  const first = exec.scenario.iterationInTest * EACH;

  for (let i = first; i < first + EACH; i++)
    spread.add(Math.pow(1000, (i + 0.5) / (ITERATIONS * EACH)));
  const answer = http.get(`${__ENV.BASE_URL}/get`, { tags: { name: 'get', 'odd key': 'quote " back \\ line \n' } });
  check(answer, { 'is 200': (r) => r.status === 200 });
  orders.add(3, { 'shop.zone': exec.scenario.iterationInTest % 2 ? 'a' : 'b' });
  depth.add(7);
  sleep(0.1);
}

export function handleSummary(data) {
  return { [__ENV.SUMMARY]: JSON.stringify(data.metrics) };
}
