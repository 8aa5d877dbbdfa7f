// Far more than the toy API can take: it shows in its slow and its heavy endpoint.
import http from 'k6/http';
import { check } from 'k6';
import { pick, stages } from './lib.js';

const target = __ENV.TARGET_API_URL || 'http://localhost:5000';
const mix = { fast: 30, slow: 30, cpu: 40 };

export const options = {
  stages: stages([15, 50], [20, 150], [30, 300], [10, 0]),
};

export default function () {
  const name = pick(mix);
  const answer = http.get(`${target}/${name}`, { tags: { endpoint: name } });

  check(answer, { 'status is 200': (r) => r.status === 200 });
}
