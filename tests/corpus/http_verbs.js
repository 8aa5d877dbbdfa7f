// expect: exit=0
// expect-log: verbs GET POST PUT PATCH DELETE OPTIONS HEAD
import http from 'k6/http';
import { check } from 'k6';

export const options = { thresholds: { checks: ['rate==1'] } };
const base = __ENV.BASE_URL;

export default function () {
  const seen = [];
  const note = (r, method) => {
    check(r, { [`${method} is 200`]: (x) => x.status === 200 });
    seen.push(method);
  };
  note(http.get(`${base}/anything`), http.get(`${base}/anything`).json().method);
  note(http.post(`${base}/anything`, 'x'), http.post(`${base}/anything`, 'x').json('method'));
  note(http.put(`${base}/anything`, 'x'), http.put(`${base}/anything`, 'x').json('method'));
  note(http.patch(`${base}/anything`, 'x'), 'PATCH');
  note(http.del(`${base}/anything`), http.del(`${base}/anything`).json('method'));
  note(http.request('OPTIONS', `${base}/anything`), 'OPTIONS');
  const head = http.head(`${base}/get`);
  check(head, { 'HEAD has no body': (r) => r.status === 200 && !r.body });
  seen.push('HEAD');
  console.log('verbs', seen.join(' '));
}
