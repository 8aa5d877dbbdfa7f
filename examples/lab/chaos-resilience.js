// A client that tries again, and waits longer each time: how many failures does that hide?
import http from 'k6/http';
import { check, sleep } from 'k6';
import { Counter, Rate } from 'k6/metrics';
import { stages } from './lib.js';

const target = __ENV.TARGET_API_URL || 'http://localhost:5000';
const ATTEMPTS = 3;
const errors = new Rate('errors');
const retries = new Counter('retries');

export const options = {
  stages: stages([60, 30], [180, 30], [30, 0]),
  thresholds: {
    http_req_duration: ['p(90)<4000'],
    errors: ['rate<0.4'],
    retries: ['count<1000'],
  },
};

export default function () {
  let answer;

  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (attempt > 0) {
      retries.add(1);
      sleep(0.5 * 2 ** attempt);
    }
    answer = http.get(`${target}/error`, { timeout: '5s', tags: { attempt: String(attempt) } });
    if (answer.status === 200) {
      break;
    }
  }
  errors.add(answer.status !== 200);
  check(answer, { 'it worked in the end': (r) => r.status === 200 });
  sleep(1);
}
