// args: -i 3 -u 1
// expect: exit=0
// expect-log: setup has token
// expect-log: iteration 2 sees 3
// expect-log: teardown abc 1
import http from 'k6/http';
import { check } from 'k6';

export const options = { thresholds: { checks: ['rate==1'] } };

export function setup() {
  const r = http.get(`${__ENV.BASE_URL}/get?token=abc`);
  console.log('setup has token', __VU);
  return { token: r.json('args.token'), uses: 1 };
}

export default function (data) {
  check(data, { token: (d) => String(d.token) === 'abc' });
  console.log('iteration', __ITER, 'sees', data.uses);
  data.uses += 1;
}

export function teardown(data) {
  console.log('teardown', String(data.token), data.uses);
}
