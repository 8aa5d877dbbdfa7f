// As many quick answers as CONCURRENCY users (50) can get in DURATION (30s).
import http from 'k6/http';
import { check, sleep } from 'k6';

const target = __ENV.TARGET_API_URL || 'http://localhost:5000';

export const options = {
  vus: Number(__ENV.CONCURRENCY || 50),
  duration: __ENV.DURATION || '30s',
  thresholds: {
    http_req_duration: ['p(95)<500', 'p(99)<1000'],
    http_req_failed: ['rate<0.01'],
  },
};

export default function () {
  const answer = http.get(`${target}/fast`);

  check(answer, { 'status is 200': (r) => r.status === 200, 'it says fast': (r) => r.json('speed') === 'fast' });
  sleep(0.1);
}
