// The same load for ten minutes: what the service takes day in, day out.
import http from 'k6/http';
import { check, sleep } from 'k6';
import { Rate } from 'k6/metrics';

const target = __ENV.TARGET_API_URL || 'http://localhost:5000';
const errors = new Rate('errors');

export const options = {
  vus: 50,
  duration: '10m',
  thresholds: {
    http_req_duration: ['p(95)<500'],
    http_req_failed: ['rate<0.01'],
    errors: ['rate<0.01'],
  },
};

export default function () {
  const answer = http.get(`${target}/api/health`);

  const good = check(answer, {
    'status is 200': (r) => r.status === 200,
    'answered within 500 ms': (r) => r.timings.duration < 500,
  });
  errors.add(!good);
  sleep(1);
}
