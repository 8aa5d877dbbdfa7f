// A spike over endpoints that are slow, fail, or need the processor: how long does an answer take after trouble?
import http from 'k6/http';
import { check, sleep } from 'k6';
import { Rate, Trend } from 'k6/metrics';
import { stages } from './lib.js';

const target = __ENV.TARGET_API_URL || 'http://localhost:5000';
const turns = ['slow', 'error', 'cpu', 'io'];
const errors = new Rate('errors');
const timeouts = new Rate('timeouts');
const recoveryTime = new Trend('recovery_time', true);

export const options = {
  stages: stages([20, 10], [30, 50], [40, 50], [30, 10], [20, 0]),
  thresholds: {
    http_req_duration: ['p(99)<5000'],
    errors: ['rate<0.6'],
    timeouts: ['rate<0.2'],
  },
};

let failedAt = 0; // when this user's trouble began; 0: there is none

export default function () {
  const name = turns[__ITER % turns.length];
  const answer = http.get(`${target}/${name}`, { timeout: '10s', tags: { endpoint: name, chaos_type: 'spike' } });
  const good = answer.status === 200;

  errors.add(!good, { endpoint: name });
  timeouts.add(answer.error_code === 1050, { endpoint: name });
  check(answer, { 'there is an answer': (r) => r.status !== 0 });
  if (good && failedAt) {
    recoveryTime.add(Date.now() - failedAt);
    failedAt = 0;
  } else if (!good && !failedAt) {
    failedAt = Date.now();
  }
  sleep(Math.random() * 0.5);
}
