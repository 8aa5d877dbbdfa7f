// expect: exit=0
import http from 'k6/http';
import { check } from 'k6';

export const options = { thresholds: { checks: ['rate==1'] } };
const text = open('./lib/users.csv');

export default function () {
  const r = http.post(`${__ENV.BASE_URL}/post`, {
    title: 'people',
    file: http.file(text, 'users.csv', 'text/csv'),
  });
  check(r, {
    'multipart': (x) => x.request.headers['Content-Type'][0].startsWith('multipart/form-data; boundary='),
    'field': (x) => String(x.json('form.title')) === 'people',
    'file': (x) => String(x.json('files.file')) === text,
  });
}
