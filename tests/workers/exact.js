// Each iteration of the test, wherever it runs, records its number: all of them together are 0, 1, 2 …
import exec from 'k6/execution';
import http from 'k6/http';
import { check } from 'k6';
import { Counter, Gauge, Rate, Trend } from 'k6/metrics';

const numbers = new Trend('numbers');
const sum = new Counter('sum');
const odd = new Rate('odd');
const seen = new Gauge('seen');

export const options = {
  scenarios: {
    shared: { executor: 'shared-iterations', vus: 6, iterations: 1000, exec: 'number' },
    users: { executor: 'per-vu-iterations', vus: 5, iterations: 7, exec: 'plain' },
    rate: { executor: 'constant-arrival-rate', rate: 101, duration: '1s', preAllocatedVUs: 120, exec: 'plain' },
  },
  summaryTrendStats: ['count', 'min', 'max', 'med', 'p(99)'],
};

export function setup() {
  return { base: __ENV.BASE_URL };
}

export function number(data) {
  const n = exec.scenario.iterationInTest;
  numbers.add(n);
  sum.add(n);
  odd.add(n % 2 === 1);
  seen.add(n);
  check(http.get(`${data.base}/fast`, { tags: { kind: n % 3 ? 'a' : 'b' } }), { ok: (r) => r.status === 200 });
}

export function plain() {}
