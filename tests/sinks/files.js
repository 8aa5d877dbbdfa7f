// What json and csv files are compared on: every kind of metric, tags from everywhere, thresholds.
import http from 'k6/http';
import { check, group, sleep } from 'k6';
import exec from 'k6/execution';
import { Counter, Gauge, Rate, Trend } from 'k6/metrics';

const orders = new Counter('orders');
const bytes = new Counter('bytes', false);
const depth = new Gauge('depth');
const hits = new Rate('hits');
const waits = new Trend('waits', true);
const BASE = __ENV.BASE_URL;

export const options = {
  scenarios: {
    shop: { executor: 'per-vu-iterations', vus: 2, iterations: 3, tags: { part: 'one' } },
    late: { executor: 'shared-iterations', vus: 1, iterations: 1, startTime: '1.2s', exec: 'late', env: {} },
  },
  tags: { run: 'a<b&"c", d' },
  systemTags: ['proto', 'status', 'method', 'url', 'name', 'group', 'check', 'error_code', 'scenario', 'ip',
    'expected_response', 'vu', 'iter'],
  thresholds: {
    http_req_duration: ['p(95)<10000', { threshold: 'avg<20000', abortOnFail: true, delayAbortEval: '2s' },
      { threshold: 'max<100000', abortOnFail: true }],
    'http_reqs{status:200}': ['count>0'],
    'http_reqs{name:page,status:404}': ['count<9'],
    orders: [{ threshold: 'count>1', abortOnFail: false }],
  },
};

export function setup() {
  http.get(`${BASE}/get`);
}

export default function () {
  group('first', () => {
    const res = http.get(`${BASE}/get?a=1&b=<2>`, { tags: { name: 'page', extra: 'e,"=&v' } });
    check(res, { 'status is 200': (r) => r.status === 200, 'is odd': (r) => r.status % 2 === 1 });
    group('second', () => http.post(`${BASE}/post`, { a: 1 }));
  });
  http.get(`${BASE}/status/404`);
  http.get(`${BASE}/redirect/1`);
  http.get('http://127.0.0.1:1/');
  http.batch([`${BASE}/get`, http.url`${BASE}/status/${204}`]);
  exec.vu.metrics.metadata.trace = 'a,b&"c"';
  orders.add(1);
  bytes.add(2.5, { a: '' });
  depth.add(1e21);
  depth.add(-1e-7);
  hits.add(true);
  hits.add(0);
  delete exec.vu.metrics.metadata.trace;
  waits.add(0.1 + 0.2, { 'ключ': 'значение\n✓' });
}

export function late() {
  sleep(0.1);
}

export function teardown() {
  http.get(`${BASE}/get`);
}

export function handleSummary(data) {
  return { [__ENV.SUMMARY]: JSON.stringify(data.metrics) };
}
