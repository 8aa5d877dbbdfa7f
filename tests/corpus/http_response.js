// expect: exit=0
import http from 'k6/http';
import { check } from 'k6';

export const options = { thresholds: { checks: ['rate==1'] } };

export default function () {
  const base = __ENV.BASE_URL;
  const r = http.get(`${base}/get?q=1`, { headers: { 'X-Mine': 'yes' } });
  const t = r.timings;
  check(r, {
    'status text': (x) => x.status_text === '200 OK' && x.proto === 'HTTP/1.1',
    'header': (x) => x.headers['Content-Type'].startsWith('application/json'),
    'request': (x) => x.request.method === 'GET' && x.request.headers['X-Mine'][0] === 'yes',
    'no error': (x) => x.error === '' && x.error_code === 0,
    'remote': (x) => x.remote_ip === '127.0.0.1' && x.remote_port > 0,
    'timings add up': () => Math.abs(t.duration - (t.sending + t.waiting + t.receiving)) < 0.001,
    'blocked and connecting': () => t.blocked >= 0 && t.connecting >= 0 && t.tls_handshaking === 0,
    'user agent': (x) => x.request.headers['User-Agent'] !== undefined || x.json('headers') !== undefined,
  });
  check(http.get(`${base}/bytes/16`, { responseType: 'binary' }), { 'binary': (x) => x.body instanceof ArrayBuffer && x.body.byteLength === 16 });
  check(http.get(`${base}/get`, { responseType: 'none' }), { 'none': (x) => x.body === null && x.status === 200 });
  check(http.get(`${base}/status/204`), { '204': (x) => x.status === 204 });
  check(http.get(`${base}/status/500`), { '500': (x) => x.error_code === 1500 });
}
