// Tags on the request, two checks and a tagged Trend: what a maintained script looks like.
import http from 'k6/http';
import { check } from 'k6';
import { Trend } from 'k6/metrics';

const took = new Trend('took', true);

export default function () {
  const res = http.get(`${__ENV.BASE_URL}/`, { tags: { endpoint: 'root', team: 'shop' } });
  check(res, {
    'status is 200': (r) => r.status === 200,
    'fast enough': (r) => r.timings.duration < 500,
  });
  took.add(res.timings.duration, { endpoint: 'root' });
}
