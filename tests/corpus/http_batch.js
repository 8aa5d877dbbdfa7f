// expect: exit=0
import http from 'k6/http';
import { check } from 'k6';

export const options = { batch: 4, thresholds: { checks: ['rate==1'], http_reqs: ['count==7'] } };

export default function () {
  const base = __ENV.BASE_URL;
  const list = http.batch([
    `${base}/get?n=0`,
    ['POST', `${base}/post`, 'one'],
    { method: 'put', url: `${base}/put`, body: 'two', params: { tags: { kind: 'batch' } } },
    ['GET', `${base}/status/404`],
  ]);
  check(list, {
    'order': (l) => l.length === 4 && l[0].url.endsWith('n=0') && l[1].json('data') === 'one',
    'object form': (l) => l[2].json('data') === 'two' && l[2].request.method === 'PUT',
    'status': (l) => l[3].status === 404,
  });
  const named = http.batch({ a: `${base}/get`, b: ['GET', `${base}/status/201`], c: { method: 'GET', url: `${base}/bytes/10` } });
  check(named, { 'keys': (o) => Object.keys(o).sort().join() === 'a,b,c' && o.b.status === 201 });
}
