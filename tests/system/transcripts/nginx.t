--- nginx.js
import http from 'k6/http';
import { check } from 'k6';
const U = __ENV.URL;
export const options = { vus: 3, iterations: 60, thresholds: { checks: ['rate==1'] } };
export default function () {
  const res = http.get(`${U}/hello`);
  check(res, {
    hello: (r) => r.status === 200 && r.body === 'hello from nginx\n',
    proto: (r) => r.proto === 'HTTP/1.1',
    server: (r) => r.headers.Server.startsWith('nginx'),
  });
  check(null, {
    json: () => http.get(`${U}/json`).json('list.2') === 3,
    gzip: () => http.get(`${U}/json`, { headers: { 'Accept-Encoding': 'gzip' } }).json('server') === 'nginx',
    moved: () => http.get(`${U}/moved`).url === `${U}/hello`,
    teapot: () => http.get(`${U}/teapot`).status === 418,
    large: () => http.get(`${U}/large.bin`, { responseType: 'binary' }).body.byteLength === 1048576,
    'too large': () => http.post(`${U}/upload`, 'x'.repeat(5000)).status === 413,
    'not there': () => http.get(`${U}/nowhere`).status === 404,
    'head': () => http.head(`${U}/large.bin`).headers['Content-Length'] === '1048576',
  });
}
---
# against nginx, which closes a connection after 50 requests
$ brunt run -e URL=$NGINX nginx.js
? 0
1! ↳
1~ iterations\.+: 60 

# over TLS
$ brunt run --insecure-skip-tls-verify -e URL=$NGINX_TLS nginx.js
? 0
1! ↳

--- trust.js
import http from 'k6/http';
export default function () {
  const r = http.get(`${__ENV.URL}/hello`);
  console.log(r.status, r.error_code, r.tls_version, r.tls_cipher_suite);
}
---
# its certificate can be trusted
env SSL_CERT_FILE=$CERT
$ brunt run -e URL=$NGINX_TLS trust.js
2~ 200 0 tls1\.3 TLS_

# or not
$ brunt run -e URL=$NGINX_TLS trust.js
2~ 0 1310 

--- version.js
import http from 'k6/http';
export const options = { tlsVersion: { min: 'tls1.2', max: 'tls1.2' }, insecureSkipTLSVerify: true };
export default function () { console.log(http.get(`${__ENV.URL}/hello`).tls_version); }
---
# an older version of TLS on request
$ brunt run -e URL=$NGINX_TLS version.js
2 msg=tls1.2

--- reuse.js
import http from 'k6/http';
import { Counter } from 'k6/metrics';
const fresh = new Counter('fresh');
export const options = { iterations: 30, thresholds: { fresh: ['count==1'] } };
export default function () {
  const r = http.get(`${__ENV.URL}/hello`);
  if (r.timings.connecting > 0) fresh.add(1);
}
---
# one user, one connection
$ brunt run -e URL=$NGINX reuse.js
? 0

# unless told otherwise
$ brunt run --no-connection-reuse -e URL=$NGINX reuse.js
? 99
