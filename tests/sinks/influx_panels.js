// What k6 dashboards show: two names, one of which fails, checks, and the custom metrics of ltlab's blueprints.
import http from 'k6/http';
import { check, group, sleep } from 'k6';
import { Counter } from 'k6/metrics';

export const options = { vus: 2, duration: '3s' };

const errors = new Counter('errors');

export default function () {
  group('shop', () => {
    const home = http.get(`${__ENV.BASE_URL}/`, { tags: { name: 'home' } });
    check(home, { 'home is there': (r) => r.status === 200 });
  });
  const missing = http.get(`${__ENV.BASE_URL}/not-there`, { tags: { name: 'missing' } });
  errors.add(missing.status === 404);
  sleep(0.02);
}

export function handleSummary(data) {
  return { [__ENV.SUMMARY]: JSON.stringify(data.metrics) };
}
