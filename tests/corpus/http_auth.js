// expect: exit=0
import http from 'k6/http';
import { check } from 'k6';
import encoding from 'k6/encoding';

export const options = { thresholds: { checks: ['rate==1'] } };

export default function () {
  const base = __ENV.BASE_URL;
  const host = base.replace('http://', '');
  check(http.get(`http://user:pw@${host}/basic-auth/user/pw`), { 'basic from URL': (r) => r.status === 200 });
  const header = { Authorization: `Basic ${encoding.b64encode('user:pw')}` };
  check(http.get(`${base}/basic-auth/user/pw`, { headers: header }), { 'basic from header': (r) => r.json('authenticated') === true });
  check(http.get(`${base}/basic-auth/user/pw`), { 'refused': (r) => r.status === 401 });
  check(http.get(`http://user:pw@${host}/digest-auth/auth/user/pw`, { auth: 'digest' }), { 'digest': (r) => r.status === 200 });
  check(http.get(`${base}/bearer`, { headers: { Authorization: 'Bearer t0ken' } }), { 'bearer': (r) => r.json('token') === 't0ken' });
}
