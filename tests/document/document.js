// Something of everything that a document has: endpoints, failures, groups, checks, scenarios, custom metrics, names
// that are trouble.
import http from 'k6/http';
import { check, group, sleep } from 'k6';
import { Counter, Gauge, Rate, Trend } from 'k6/metrics';

const EVIL = ['</script><script>alert(1)</script>', '"quoted" \\ back', 'a\u0000b', '\u2028\u2029', '\ud800 alone',
  '🦆', '\x1b[31m', '{{x}} ${y}', "'; DROP TABLE runs;--", '__proto__', '\u202eright to left'];

const sizes = new Trend('basket_size');
const waits = new Trend('basket_wait', true);
const orders = new Counter('orders');
const level = new Gauge('stock_level');
const lucky = new Rate('lucky');

export const options = {
  scenarios: {
    users: { executor: 'constant-vus', vus: 3, duration: '4s', exec: 'shop' },
    calls: { executor: 'constant-arrival-rate', rate: 20, timeUnit: '1s', duration: '4s', preAllocatedVUs: 4, exec: 'call' },
  },
  thresholds: {
    http_req_duration: ['p(95)<60000'],
    'http_reqs{ status:200 }': ['count>5'],
    'http_req_duration{name:ok}': ['p(99)<60000', 'avg<60000'],
    'checks{check:never seen}': ['rate>=0'],
  },
  summaryTrendStats: ['count', 'avg', 'min', 'med', 'max', 'p(90)', 'p(95)', 'p(99)', 'p(99.9)'],
};

export function shop() {
  group('front', () => {
    const r = http.get(`${__ENV.BASE_URL}/status/200`, { tags: { name: 'ok' } });
    check(r, { 'is fine': (r) => r.status === 200 });
    group('inner', () => check(r, { 'is odd': () => __ITER % 2 === 1 }));
  });
  http.get(`${__ENV.BASE_URL}/status/${500 + (__ITER % 3)}`, { tags: { name: 'bad' } });
  http.get(`http://127.0.0.1:1/${__ITER}`, { tags: { name: EVIL[__ITER % EVIL.length] } });
  sizes.add(__ITER, { kind: EVIL[__ITER % EVIL.length] });
  waits.add(Math.random() * 100);
  orders.add(2.5);
  level.add(100 - __ITER);
  lucky.add(Math.random() < 0.3);
  sleep(0.02);
}

export function call() {
  http.get(`${__ENV.BASE_URL}/delay/0.01`, { tags: { name: 'slow' } });
}

export function handleSummary(data) {
  return { [__ENV.SUMMARY]: JSON.stringify(data) };
}
