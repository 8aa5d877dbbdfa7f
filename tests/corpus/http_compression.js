// expect: exit=0
import http from 'k6/http';
import { check } from 'k6';

export const options = { thresholds: { checks: ['rate==1'] } };

export default function () {
  const base = __ENV.BASE_URL;
  for (const [path, field] of [['gzip', 'gzipped'], ['deflate', 'deflated'], ['brotli', 'brotli'], ['zstd', 'compressed']]) {
    const r = http.get(`${base}/${path}`, { headers: { 'Accept-Encoding': path } });
    check(r, { [`${path} is decoded`]: (x) => x.status === 200 && typeof x.json() === 'object' && field.length > 0 });
  }
  const sent = http.post(`${base}/anything`, 'x'.repeat(500), { compression: 'gzip' });
  check(sent, {
    'request is compressed': (r) => r.json('headers.Content-Encoding') !== undefined,
    'request body shows the text': (r) => r.request.body === 'x'.repeat(500),
  });
}
