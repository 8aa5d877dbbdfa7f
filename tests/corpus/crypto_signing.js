// expect: exit=0
import crypto from 'k6/crypto';
import encoding from 'k6/encoding';
import http from 'k6/http';
import { check } from 'k6';

export const options = { thresholds: { checks: ['rate==1'] } };

function sign(path, body, key) {
  const hmac = crypto.createHMAC('sha256', key);
  hmac.update(`POST\n${path}\n`);
  hmac.update(body);
  return hmac.digest('base64');
}

export default function () {
  const body = JSON.stringify({ amount: 12 });
  const signature = sign('/post', body, 's3cret');
  const r = http.post(`${__ENV.BASE_URL}/post`, body, { headers: { 'X-Signature': signature } });
  check(r, {
    'signature arrives': (x) => JSON.stringify(x.json('headers')).includes(signature),
    'one shot agrees': () => crypto.hmac('sha256', 's3cret', `POST\n/post\n${body}`, 'base64') === signature,
    'known answer': () => crypto.hmac('md5', 'Jefe', 'what do ya want for nothing?', 'hex') === '750c783e6ab0b503eaa86e310a5db738',
    'base64': () => encoding.b64decode(signature).byteLength === 32,
  });
}
