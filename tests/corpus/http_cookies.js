// expect: exit=0
// args: -i 2
import http from 'k6/http';
import { check } from 'k6';

export const options = { thresholds: { checks: ['rate==1'] } };
const all = (r) => JSON.stringify(r.json('cookies') || r.json());

export default function () {
  const base = __ENV.BASE_URL;
  check(http.get(`${base}/cookies`), { 'a new iteration has none': (r) => all(r) === '{}' });
  http.get(`${base}/cookies/set?session=abc`);
  const jar = http.cookieJar();
  check(jar.cookiesForURL(base), { 'kept': (c) => c.session[0] === 'abc' });
  check(http.get(`${base}/cookies`), { 'sent': (r) => all(r) === '{"session":"abc"}' });
  jar.set(base, 'mine', 'x', { path: '/', max_age: 60 });
  check(http.get(`${base}/cookies`), { 'set by hand': (r) => all(r).includes('"mine":"x"') });
  check(http.get(`${base}/cookies`, { cookies: { session: { value: 'other', replace: true } } }), { 'replaced': (r) => all(r).includes('"session":"other"') });
  jar.delete(base, 'mine');
  jar.clear(base);
  check(http.get(`${base}/cookies`), { 'cleared': (r) => all(r) === '{}' });
  const own = new http.CookieJar();
  own.set(base, 'own', '1');
  check(http.get(`${base}/cookies`, { jar: own }), { 'own jar': (r) => all(r) === '{"own":"1"}' });
}
