// expect: exit=0
import http from 'k6/http';
import { check } from 'k6';

export const options = { thresholds: { checks: ['rate==1'] } };

export default function () {
  const base = __ENV.BASE_URL;
  const followed = http.get(`${base}/redirect/3`);
  check(followed, { 'followed': (r) => r.status === 200 && r.url === `${base}/get` });
  const first = http.get(`${base}/redirect/3`, { redirects: 0 });
  check(first, { 'not followed': (r) => r.status === 302 && r.headers.Location .endsWith('/2') });
  const some = http.get(`${base}/redirect/3`, { redirects: 2 });
  check(some, { 'limit': (r) => r.status === 302 });
  const post = http.post(`${base}/redirect-to?url=/anything&status_code=307`, 'kept');
  check(post, { '307 keeps method and body': (r) => r.json('method') === 'POST' && r.json('data') === 'kept' });
  const see = http.post(`${base}/redirect-to?url=/anything&status_code=303`, 'gone');
  check(see, { '303 becomes GET': (r) => r.json('method') === 'GET' });
}
