// Twenty times the users within half a minute: a campaign, a broadcast, a bot.
import http from 'k6/http';
import { check, sleep } from 'k6';
import { Counter, Rate, Trend } from 'k6/metrics';

const target = __ENV.TARGET_API_URL || 'http://localhost:5000';
const paths = ['/api/health', '/api/status', '/api/info'];
const errors = new Rate('errors');
const responseTime = new Trend('response_time', true);
const requests = new Counter('requests');

export const options = {
  stages: [
    { duration: '2m', target: 10 },
    { duration: '30s', target: 200 },
    { duration: '3m', target: 200 },
    { duration: '30s', target: 10 },
    { duration: '3m', target: 10 },
    { duration: '1m', target: 0 },
  ],
  thresholds: {
    http_req_duration: ['p(50)<500', 'p(95)<2000'],
    http_req_failed: ['rate<0.1'],
    errors: ['rate<0.1'],
  },
};

// A service that defends itself with 429 does what it should.
http.setResponseCallback(http.expectedStatuses(200, 429));

export default function () {
  const path = paths[Math.floor(Math.random() * paths.length)];
  const answer = http.get(target + path);

  requests.add(1);
  responseTime.add(answer.timings.duration);
  const good = check(answer, {
    'status is 200 or 429': (r) => r.status === 200 || r.status === 429,
    'there is a body': (r) => r.body !== null && r.body.length > 0,
  });
  errors.add(!good);
  sleep(Math.random() * 2);
}
