// A service that is slow and fails now and then, under a load that it could hold.
import http from 'k6/http';
import { check, sleep } from 'k6';
import { Rate } from 'k6/metrics';
import { pick, stages } from './lib.js';

const target = __ENV.TARGET_API_URL || 'http://localhost:5000';
const mix = { fast: 3, slow: 2, error: 2, cpu: 1 };
const errors = new Rate('errors');
const timeouts = new Rate('timeouts');

export const options = {
  stages: stages([30, 20], [60, 20], [20, 0]),
  thresholds: {
    http_req_duration: ['p(95)<3000'],
    errors: ['rate<0.5'],
  },
};

export default function () {
  const name = pick(mix);
  const answer = http.get(`${target}/${name}`, { timeout: '5s', tags: { endpoint: name } });

  errors.add(answer.status !== 200);
  timeouts.add(answer.error_code === 1050);
  check(answer, { 'there is an answer': (r) => r.status !== 0 });
  sleep(Math.random());
}
