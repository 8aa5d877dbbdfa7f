// What most scripts do most of the time: a request, checks, tags, a metric of their own.
import http from 'k6/http';
import { check, group } from 'k6';
import { Counter, Trend } from 'k6/metrics';

const took = new Trend('took', true);
const bytes = new Counter('bytes');

export default function () {
  const plain = http.get(`${__ENV.BASE_URL}/fast`);
  check(plain, { 'status is 200': (r) => r.status === 200 });

  const tagged = http.get(`${__ENV.BASE_URL}/health`, { tags: { endpoint: 'health', team: 'shop' } });
  check(tagged, {
    'status is 200': (r) => r.status === 200,
    'fast enough': (r) => r.timings.duration < 500,
  });
  took.add(tagged.timings.duration, { endpoint: 'health' });

  group('login', () => {
    const body = JSON.stringify({ username: `user${__VU}`, password: 'secret' });
    const res = http.post(`${__ENV.BASE_URL}/login`, body, { headers: { 'Content-Type': 'application/json' } });
    bytes.add(res.body.length);
  });
}
