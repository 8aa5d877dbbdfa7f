// Quick, slow, heavy and failing endpoints in the proportions of a day.
import http from 'k6/http';
import { check, sleep } from 'k6';
import { pick, stages } from './lib.js';

const target = __ENV.TARGET_API_URL || 'http://localhost:5000';
const mix = { fast: 40, slow: 20, users: 15, cpu: 15, error: 10 };

export const options = {
  stages: stages([10, 20], [30, 60], [10, 0]),
};

export default function () {
  const name = pick(mix);
  const answer = http.get(`${target}/${name}`, { tags: { endpoint: name } });

  // /error fails in 30 of 100 cases: that is no surprise.
  check(answer, { 'answered as expected': (r) => r.status === 200 || (name === 'error' && r.status === 500) });
  sleep(Math.random() * 1.2);
}
