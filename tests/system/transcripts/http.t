--- verbs.js
import http from 'k6/http';
import { check } from 'k6';
const U = __ENV.URL;
export const options = { thresholds: { checks: ['rate==1'], http_req_failed: ['rate<0.5'] } };
export default function () {
  const json = { headers: { 'Content-Type': 'application/json' } };
  const jar = http.cookieJar();
  check(null, {
    get: () => http.get(`${U}/get?a=1`).json('args.a') === '1',
    post: () => http.post(`${U}/post`, JSON.stringify({ x: [1, 2] }), json).json('json.x.1') === 2,
    form: () => http.post(`${U}/post`, { a: 'b c', d: 'é' }).json('form').d === 'é',
    put: () => http.put(`${U}/put`, 'text').json('data') === 'text',
    patch: () => http.patch(`${U}/patch`, 'text').json('data') === 'text',
    del: () => http.del(`${U}/delete`).status === 200,
    head: () => http.head(`${U}/get`).body === '' || http.head(`${U}/get`).body === null,
    options: () => http.options(`${U}/anything`).json('method') === 'OPTIONS',
    request: () => http.request('REPORT', `${U}/anything`).json('method') === 'REPORT',
    file: () => http.post(`${U}/post`, { f: http.file('inside', 'x.txt') }).json('files.f') === 'inside',
    redirect: () => http.get(`${U}/redirect/3`).url === `${U}/get`,
    'redirects: 0': () => http.get(`${U}/redirect/3`, { redirects: 0 }).status === 302,
    'redirects: 1': () => http.get(`${U}/redirect/3`, { redirects: 1 }).status === 302,
    absolute: () => http.get(`${U}/absolute-redirect/2`).status === 200,
    gzip: () => http.get(`${U}/gzip`).json('gzipped') === true,
    deflate: () => http.get(`${U}/deflate`).json('deflated') === true,
    brotli: () => http.get(`${U}/brotli`).json('brotli') === true,
    zstd: () => http.get(`${U}/zstd`).json('zstd') === true,
    basic: () => http.get(U.replace('://', '://me:secret@') + '/basic-auth/me/secret').status === 200,
    digest: () => http.get(U.replace('://', '://me:secret@') + '/digest-auth/auth/me/secret', { auth: 'digest' }).status === 200,
    'digest sha-256': () => http.get(U.replace('://', '://me:secret@') + '/digest-auth/auth/me/secret/SHA-256', { auth: 'digest' }).status === 200,
    'cookies set': () => http.get(`${U}/cookies/set?one=1&two=2`).json('cookies.two') === '2',
    'cookies kept': () => http.get(`${U}/cookies`).json('cookies.one') === '1' && jar.cookiesForURL(U).one[0] === '1',
    'cookie given': () => http.get(`${U}/cookies`, { cookies: { three: '3' } }).json('cookies.three') === '3',
    'cookies deleted': () => http.get(`${U}/cookies/delete?one`).json('cookies.one') === undefined,
    headers: () => http.get(`${U}/headers`, { headers: { 'X-Mine': 'yes' } }).json('headers.X-Mine') === 'yes',
    agent: () => http.get(`${U}/user-agent`).json('user-agent').length > 3,
    binary: () => http.get(`${U}/bytes/1000`, { responseType: 'binary' }).body.byteLength === 1000,
    none: () => http.get(`${U}/bytes/1000`, { responseType: 'none' }).body === null,
    large: () => http.get(`${U}/bytes/5000000`, { responseType: 'binary' }).body.byteLength === 5000000,
    chunks: () => http.get(`${U}/stream/5`).body.split('\n').length === 6,
    'stream bytes': () => http.get(`${U}/stream-bytes/70000?chunk_size=1000`, { responseType: 'binary' }).body.byteLength === 70000,
    batch: () => http.batch([`${U}/get`, ['POST', `${U}/post`, 'b'], { method: 'GET', url: `${U}/status/404` }]).map((r) => r.status).join() === '200,200,404',
    'status code': () => http.get(`${U}/status/503`).error_code === 1503,
    timeout: () => http.get(`${U}/delay/5`, { timeout: '200ms' }).error_code === 1050,
    utf8: () => http.get(`${U}/encoding/utf8`).body.includes('你好'),
    'large upload': () => http.post(`${U}/post`, 'x'.repeat(2000000)).json('data').length === 2000000,
    compressed: () => http.post(`${U}/anything`, 'z'.repeat(1000), { compression: 'gzip' }).json('headers.Content-Encoding') === 'gzip',
  });
}
---
# every verb and feature against the target
$ brunt run -e URL=$URL verbs.js
? 0
1! ↳

# and over TLS, with a certificate that nobody signed
$ brunt run --insecure-skip-tls-verify -e URL=$TLS_URL verbs.js
? 0
1! ↳

--- refused.js
import http from 'k6/http';
export default function () {
  const r = http.get('http://127.0.0.1:1/');
  console.log(r.status, r.error_code, r.error);
  try { http.get('http://127.0.0.1:1/', { throw: true }); } catch (e) { console.log(`threw ${e.message || e}`); }
  console.log(http.get('http://no-such-host.invalid/').error_code);
}
---
# what cannot be reached is an error, not an end
$ brunt run refused.js
? 0
2 0 1212 dial: connection refused
2 threw
2 msg=1101

--- untrusted.js
import http from 'k6/http';
export default function () { const r = http.get(`${__ENV.URL}/get`); console.log(r.status, r.error_code, r.error); }
---
# a certificate that nobody signed is refused
$ brunt run -e URL=$TLS_URL untrusted.js
2 0 1310 x509: unknown authority

# plain HTTP where TLS was expected
$ brunt run -e URL=https://localhost untrusted.js
2~ 0 1\d\d\d

# debugging shows requests and answers
$ brunt run --http-debug=full -e URL=$URL untrusted.js
2 GET /get HTTP/1.1
2 origin

--- hosts.js
import http from 'k6/http';
const u = new URL_PARTS(__ENV.URL);
function URL_PARTS(text) { this.port = text.split(':')[2]; }
export const options = { hosts: { 'shop.test': '127.0.0.1' }, blacklistIPs: ['10.0.0.0/8'], blockHostnames: ['*.blocked.test'] };
export default function () {
  console.log(http.get(`http://shop.test:${u.port}/headers`).json('headers.Host') === `shop.test:${u.port}`);
  console.log(http.get('http://10.1.2.3/').error_code, http.get('http://a.blocked.test/').error_code);
}
---
# names of one's own, and what must not be touched
$ brunt run -e URL=$URL hosts.js
2 msg=true
2 1110 1111
