// Load whose tags are hard on Graphite: spaces of every kind, quotes, semicolons, tildes, nothing.
import http from 'k6/http';
import { check, group, sleep } from 'k6';
import { Counter, Gauge } from 'k6/metrics';

const orders = new Counter('orders');
const depth = new Gauge('depth');
const BASE = __ENV.BASE_URL;
const HARD = ['~tilde', 'semi;colon', 'no\u00a0break', 'line\nend', 'a{b="c"}', '', 'bang!^=', 'ключ значение', 'x'.repeat(300)];

export const options = { vus: 2, iterations: 2 * HARD.length };

export default function () {
  const hard = HARD[__ITER % HARD.length];
  group('first page', () => {
    const res = http.get(`${BASE}/get?a=1&b=<2>`, { tags: { name: 'a page' } });
    check(res, { 'status is 200': (r) => r.status === 200 });
  });
  orders.add(2, { hard, 'odd key': 'v', __meta__: 'v', name: 'reserved' });
  depth.add(-1.5e-7);
  sleep(0.15);
}

export function handleSummary(data) {
  return { [__ENV.SUMMARY]: JSON.stringify(data.metrics) };
}
