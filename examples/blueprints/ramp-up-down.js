// More and more users, then fewer: where does it begin to hurt, and does it recover?
import http from 'k6/http';
import { check, sleep } from 'k6';
import { Rate, Trend } from 'k6/metrics';

const target = __ENV.TARGET_API_URL || 'http://localhost:5000';
const errors = new Rate('errors');
const responseTime = new Trend('response_time', true);

export const options = {
  stages: [
    { duration: '2m', target: 50 },
    { duration: '5m', target: 100 },
    { duration: '10m', target: 100 },
    { duration: '3m', target: 200 },
    { duration: '5m', target: 100 },
    { duration: '5m', target: 0 },
  ],
  thresholds: {
    http_req_duration: ['p(95)<1000'],
    http_req_failed: ['rate<0.05'],
    errors: ['rate<0.05'],
  },
};

export default function () {
  const answer = http.get(`${target}/api/health`);

  responseTime.add(answer.timings.duration);
  const good = check(answer, {
    'status is 200': (r) => r.status === 200,
    'answered within 1 s': (r) => r.timings.duration < 1000,
  });
  errors.add(!good);
  sleep(1);
}
