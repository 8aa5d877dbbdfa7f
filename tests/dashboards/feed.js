// What public dashboards show: endpoints with names and without, one of which fails and one that is slow to send, checks,
// an error counter, and a rate that cannot be kept.
import http from 'k6/http';
import { check, group, sleep } from 'k6';
import { Counter } from 'k6/metrics';

const duration = __ENV.DURATION || '4s';

export const options = {
  scenarios: {
    shop: { executor: 'constant-vus', vus: 2, duration },
    late: { executor: 'constant-arrival-rate', rate: 20, timeUnit: '1s', preAllocatedVUs: 1, maxVUs: 1, duration, exec: 'late' },
  },
};

const errors = new Counter('errors');

export default function () {
  group('shop', () => {
    const home = http.get(`${__ENV.BASE_URL}/`, { tags: { name: 'home' } });
    check(home, { 'home is there': (r) => r.status === 200 });
  });
  const missing = http.get(`${__ENV.BASE_URL}/not-there`, { tags: { name: 'missing' } });
  errors.add(missing.status === 404);
  http.get(`${__ENV.BASE_URL}/get`);
  sleep(0.05);
}

export function late() {
  http.get(`${__ENV.BASE_URL}/drip?duration=0.2&numbytes=20`, { tags: { name: 'slow' } });
}
