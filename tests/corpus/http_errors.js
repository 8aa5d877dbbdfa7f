// expect: exit=0
// expect-log: Request Failed
import http from 'k6/http';
import { check } from 'k6';

export const options = { thresholds: { checks: ['rate==1'], http_req_failed: ['rate>0'] } };

export default function () {
  const refused = http.get('http://127.0.0.1:1/');
  check(refused, {
    'status 0': (r) => r.status === 0 && r.body === null,
    'refused': (r) => r.error_code === 1212 && r.error.length > 0,
  });
  const slow = http.get(`${__ENV.BASE_URL}/delay/2`, { timeout: '200ms' });
  check(slow, { 'timeout': (r) => r.error_code === 1050 && r.status === 0 });
  let thrown = null;
  try {
    http.get('http://127.0.0.1:1/', { throw: true });
  } catch (e) {
    thrown = e;
  }
  check(thrown, { 'throws': (e) => e instanceof Error });
  let bad = http.get('http://[::1');
  check(bad, { 'bad url': (r) => r.error_code === 1020 && r.status === 0 });
}
