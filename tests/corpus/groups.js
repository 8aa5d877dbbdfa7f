// expect: exit=0
// expect-log: value 42
import http from 'k6/http';
import { check, group } from 'k6';

export const options = {
  thresholds: {
    'http_reqs{group:::outer}': ['count==1'],
    'http_reqs{group:::outer::inner}': ['count==2'],
    'group_duration{group:::outer}': ['avg>=0'],
    'checks{group:::outer::inner}': ['rate==1'],
  },
};

export default function () {
  const base = __ENV.BASE_URL;
  const value = group('outer', () => {
    http.get(`${base}/get`);
    group('inner', () => {
      http.get(`${base}/get`);
      check(http.get(`${base}/get`), { ok: (r) => r.status === 200 });
    });
    return 42;
  });
  console.log('value', value);
}
