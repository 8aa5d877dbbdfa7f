--- chaos.js
import http from 'k6/http';
// Name, status, error code, and what the body or the error must have: all as k6 has it, but for limits.
const rows = [
  ['stall', 0, 1050, 'request timeout'],
  ['close', 0, 1000, 'EOF'],
  ['reset', 0, 1220, 'read: connection reset by peer'],
  ['half-head', 0, 1000, ''],
  ['stall-head', 0, 1050, 'request timeout'],
  ['short-body', 0, 1000, 'unexpected EOF'],
  ['stall-body', 0, 1050, 'request timeout'],
  ['reset-body', 0, 1220, 'read: connection reset by peer'],
  ['announce-10g', 0, 1000, 'larger than'], // k6 waits for it
  ['slow-body?ms=5', 200, 0, 'twenty slow bytes !'],
  ['slow-head?ms=2', 200, 0, 'ok'],
  ['long-body', 200, 0, '12345'],
  ['bad-length', 0, 1000, 'Content-Length'],
  ['negative-length', 0, 1000, 'Content-Length'],
  ['huge-length', 0, 1000, 'Content-Length'],
  ['two-lengths', 0, 1000, 'Content-Length'],
  ['length-and-chunked', 200, 0, 'hello'],
  ['unknown-coding', 0, 1000, 'rot13'],
  ['truncated-chunk', 0, 1000, 'unexpected EOF'],
  ['bad-chunk', 0, 1000, 'chunk'],
  ['huge-chunk', 0, 1000, 'chunk'],
  ['no-last-chunk', 0, 1000, 'unexpected EOF'],
  ['chunk-no-crlf', 0, 1000, 'malformed chunked encoding'],
  ['body-with-204', 204, 0, ''],
  ['garbage', 0, 1000, 'malformed HTTP'],
  ['garbage-status', 0, 1000, 'malformed HTTP status code'],
  ['no-status', 0, 1000, 'malformed HTTP response'],
  ['status-999', 999, 1999, 'ok'],
  ['http-09', 0, 1000, 'malformed HTTP'],
  ['http-3000', 0, 1000, 'malformed HTTP version'],
  ['bad-header', 0, 1000, 'missing colon'],
  ['folded-header', 200, 0, 'ok'],
  ['bare-lf', 200, 0, 'ok'],
  ['control-header', 0, 1000, 'malformed MIME header'],
  ['interim?n=5', 200, 0, 'ok'],
  ['bad-gzip', 0, 1701, 'error decompressing response body'],
  ['bad-brotli', 0, 1701, 'error decompressing response body'],
  ['close-after', 200, 0, 'ok'],
  ['close-after', 200, 0, 'ok'],
  ['reset-after', 200, 0, 'ok'],
  ['two-answers', 200, 0, 'ok'],
  ['two-answers', 200, 0, 'ok'],
  ['redirect-loop', 302, 0, ''],
  ['redirect-nowhere', 0, 1212, 'dial: connection refused'],
  ['redirect-garbage', 0, 1000, 'Location'],
];
export default function () {
  let bad = 0;
  for (const [name, status, code, text] of rows) {
    const r = http.get(`${__ENV.URL}/chaos/${name}`, { timeout: code === 1050 ? '700ms' : '20s' });
    const seen = status ? r.body || '' : r.error;
    if (r.status !== status || r.error_code !== code || !seen.includes(text)) {
      console.log(`WRONG ${name}: ${r.status} ${r.error_code} ${r.error} ${r.body}`);
      bad++;
    }
  }
  console.log(`${rows.length} misbehaviours, ${bad} wrong`);
}
---
# each misbehaviour is the outcome that k6 gives it
$ brunt run -e URL=$URL chaos.js
2 misbehaviours, 0 wrong
2! WRONG

--- limits.js
import http from 'k6/http';
const names = ['huge-header?bytes=20000000', 'many-headers?n=200000', 'interim?n=100000', 'endless-head', 'endless-line', 'bomb?mb=200'];
export default function () {
  for (const name of names) {
    const r = http.get(`${__ENV.URL}/chaos/${name}`, { timeout: '60s' });
    console.log(`${name} ${r.error_code > 0 && r.error_code !== 1050 ? 'refused' : `was not: ${r.status} ${r.error_code} ${r.error}`}`);
  }
}
---
# what has no end, or is far too large, is refused long before the timeout
$ brunt run -e URL=$URL limits.js
2! was not
2 endless-line refused
< 40

--- endless.js
import http from 'k6/http';
export const options = { discardResponseBodies: true };
export default function () {
  console.log(http.get(`${__ENV.URL}/chaos/endless-body`, { timeout: '500ms' }).error_code);
  console.log(http.get(`${__ENV.URL}/chaos/endless-chunks`, { timeout: '500ms' }).error_code);
}
---
# a body without end meets the timeout
$ brunt run -e URL=$URL endless.js
2 msg=1050
2! msg=0
< 20
