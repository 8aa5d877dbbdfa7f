// expect: exit=0
import crypto from 'k6/crypto';
import encoding from 'k6/encoding';
import { check } from 'k6';

export const options = { thresholds: { checks: ['rate==1'] } };

function encode(payload, secret) {
  const part = (o) => encoding.b64encode(JSON.stringify(o), 'rawurl');
  const head = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(payload)}`;
  return `${head}.${crypto.hmac('sha256', secret, head, 'base64rawurl')}`;
}

function decode(token, secret) {
  const [head, body, mac] = token.split('.');
  if (crypto.hmac('sha256', secret, `${head}.${body}`, 'base64rawurl') !== mac) throw new Error('bad signature');
  return JSON.parse(encoding.b64decode(body, 'rawurl', 's'));
}

export default function () {
  const token = encode({ sub: '1234567890', name: 'Jörg' }, 'key');
  check(token, {
    'three parts': (t) => t.split('.').length === 3 && !t.includes('='),
    'round trip': (t) => decode(t, 'key').name === 'Jörg',
    'tampered': (t) => { try { decode(t, 'other'); return false; } catch (e) { return e.message === 'bad signature'; } },
  });
}
