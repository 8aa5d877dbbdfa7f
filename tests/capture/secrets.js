// Every secret has LEAK in it. The target sends back all it gets, in JSON; nobody expects that.
import http from 'k6/http';
import secrets from 'k6/secrets';

const base = __ENV.BASE_URL;

export const options = { iterations: 3, noCookiesReset: true };

export default async function () {
  const known = await secrets.get('api');
  const headers = {
    Authorization: 'Bearer LEAK1',
    'X-Api-Key': 'LEAK2',
    'X-Session-Token': 'LEAK3',
    'X-Plain': `before ${known} after`,
    Referer: 'https://a:LEAK4@h/?token=LEAK5',
  };
  const params = (name, type) => ({
    headers: type ? { ...headers, 'Content-Type': type } : headers,
    cookies: { sid: 'LEAK6' },
    responseCallback: http.expectedStatuses(418),
    tags: { name },
  });

  http.get(`${base}/cookies/set?session=LEAK7`, params('cookie'));
  http.get(`${base}/anything/${encodeURIComponent(known)}/x?token=LEAK8&user[password]=LEAK9&q=${encodeURIComponent(known)}`, params('query'));
  http.get(base.replace('//', '//user:LEAK10@') + '/anything', params('userinfo'));
  http.get(`${base}/anything#access_token=LEAK11`, params('fragment'));
  http.post(`${base}/anything`, { user: 'a', password: 'LEAK12', q: known }, params('form'));
  http.post(`${base}/anything`, JSON.stringify({ password: 'LEAK13', deep: { token: ['LEAK14'], note: `x${known}x` } }),
    params('json', 'application/json'));
  http.post(`${base}/anything`, { pin: 'LEAK15', file: http.file('password=LEAK16', 'f.txt') }, params('multipart'));
  http.post(`${base}/anything`, '<a><password>LEAK17</password></a>', params('xml', 'text/xml'));
  http.post(`${base}/anything`, `password=LEAK18&x=${encodeURIComponent(known)}`,
    { ...params('gzip', 'application/x-www-form-urlencoded'), compression: 'gzip' });
  // Far behind what is kept, and across the end of it.
  http.post(`${base}/anything`, JSON.stringify({ fill: 'x'.repeat(4080), password: 'LEAK19' }), params('cut', 'application/json'));
  http.post(`${base}/anything`, 'y'.repeat(4090) + known, params('across', 'text/plain'));
  http.get(`${base}/redirect-to?url=${encodeURIComponent('/status/500?access_token=LEAK20')}`, params('redirect'));
  http.get(`http://u:LEAK21@127.0.0.1:1/?api_key=LEAK22`, params('refused'));
  http.get(`${base.replace('//', '//digest:LEAK23@')}/digest-auth/auth/digest/other`, { ...params('digest'), auth: 'digest' });
}
