// expect: exit=0
// expect-log: order sync done
import http from 'k6/http';
import { check } from 'k6';

export const options = { thresholds: { checks: ['rate==1'] } };

export default async function () {
  const base = __ENV.BASE_URL;
  const order = [];
  const p = http.asyncRequest('GET', `${base}/delay/0.1`).then((r) => { order.push('done'); return r; });
  order.push('sync');
  const [a, b] = await Promise.all([p, http.asyncRequest('POST', `${base}/post`, 'body')]);
  check(a, { 'a': (r) => r.status === 200 });
  check(b, { 'b': (r) => r.json('data') === 'body' });
  console.log('order', order.join(' '));
}
