// What our dashboards show: three names, one of which fails, checks, groups, dropped iterations, a rate as the goal.
import http from 'k6/http';
import { check, group, sleep } from 'k6';

const rest = `${__ENV.SECONDS || 600}s`;

export const options = {
  scenarios: {
    shop: { executor: 'ramping-vus', startVUs: 2, stages: [{ duration: '2s', target: 4 }, { duration: rest, target: 4 }] },
    rate: { executor: 'constant-arrival-rate', rate: 20, duration: rest, preAllocatedVUs: 1, maxVUs: 1, exec: 'rate' },
  },
};

export default function () {
  group('shop', () => {
    const home = http.get(`${__ENV.BASE_URL}/`, { tags: { name: 'home' } });
    check(home, { 'home is there': (r) => r.status === 200 });
    http.post(`${__ENV.BASE_URL}/post`, 'a=1', { tags: { name: 'order' } });
  });
  http.get(`${__ENV.BASE_URL}/not-there`, { tags: { name: 'missing' } });
  sleep(0.05);
}

// One user cannot keep up with it: iterations are dropped.
export function rate() {
  http.get(`${__ENV.BASE_URL}/get`, { tags: { name: 'slow' } });
  sleep(0.1);
}
