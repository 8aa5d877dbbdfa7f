// One of each way to fail, and answers that do not.
import http from 'k6/http';
import { group } from 'k6';

const base = __ENV.BASE_URL;

export const options = { scenarios: { shop: { executor: 'per-vu-iterations', vus: 2, iterations: 6 } } };

function named(name, more) {
  return Object.assign({ tags: { name } }, more);
}

export default function () {
  const unexpected = { responseCallback: http.expectedStatuses(418) };

  group('errors', () => {
    http.get(`${base}/status/500`, named('500'));
    http.post(`${base}/status/404`, 'a text', named('404'));
  });
  if (__ITER < 2) {
    http.get(`${base}/delay/10`, named('timeout', { timeout: '150ms' }));
    http.get('http://127.0.0.1:1/', named('refused'));
  }
  http.get(`${base}/chaos/reset`, named('reset'));
  http.get(`${base}/chaos/short-body`, named('short'));
  http.get(`${base}/gzip`, named('gzip', unexpected));
  http.get(`${base}/gzip`, named('gone', { ...unexpected, responseType: 'none' }));
  http.get(`${base}/bytes/5000`, named('bytes', { ...unexpected, responseType: 'binary' }));
  http.get(`${base}/redirect-to?url=/redirect-to%3Furl=/status/503`, named('redirect'));
  http.batch([
    ['GET', `${base}/status/501`, null, named('batch')],
    ['GET', `${base}/fast`, null, named('fine')],
    ['GET', `${base}/status/502`, null, named('batch')],
  ]);
  http.get(`${base}/slow-none`, named('unjudged', { responseCallback: null }));
  http.get(`${base}/delay/0.0${__ITER}`, named('slow'));
}
