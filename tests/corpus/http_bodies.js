// expect: exit=0
import http from 'k6/http';
import { check } from 'k6';

export const options = { thresholds: { checks: ['rate==1'] } };

export default function () {
  const url = `${__ENV.BASE_URL}/post`;
  const form = http.post(url, { b: 'x y', a: 1, list: ['p', 'q'] }).json();
  check(form, {
    'form fields': (f) => String(f.form.a) === '1' && String(f.form.b) === 'x y',
    'repeated key': (f) => JSON.stringify(f.form.list) === '["p","q"]',
  });
  const sent = { name: 'José', n: [1, 2.5, null, true] };
  const json = http.post(url, JSON.stringify(sent), { headers: { 'Content-Type': 'application/json' } });
  check(json, {
    'json comes back': (r) => JSON.stringify(r.json('json')) === JSON.stringify(sent),
    'utf-8 request body': (r) => r.request.body === JSON.stringify(sent),
  });
  const bytes = new Uint8Array([104, 105]);
  check(http.post(url, bytes.buffer), { 'array buffer': (r) => r.json('data') === 'hi' });
  check(http.post(url), { 'no body': (r) => r.json('data') === '' });
}
