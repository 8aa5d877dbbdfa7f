// A run that a page looks at: a known number of requests, a check, a metric and tags with hostile names.
import http from 'k6/http';
import { check, sleep } from 'k6';
import { Counter } from 'k6/metrics';

const hostile = new Counter('orders');

export const options = {
  thresholds: { http_req_duration: ['p(95)<5000'] },
  scenarios: {
    steady: { executor: 'constant-vus', vus: 2, duration: __ENV.DURATION || '2s' },
  },
};

export default function () {
  const r = http.get(`${__ENV.BASE_URL}/`, { tags: { name: '<img src=x onerror=alert(1)>' } });

  check(r, { '"><script>': (x) => x.status === 200 });
  hostile.add(1, { kind: '\u202e<b>' });
  sleep(0.05);
}
