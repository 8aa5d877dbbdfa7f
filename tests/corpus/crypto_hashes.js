// expect: exit=0
import crypto from 'k6/crypto';
import { check } from 'k6';

export const options = { thresholds: { checks: ['rate==1'] } };

export default function () {
  const hasher = crypto.createHash('sha256');
  hasher.update('a');
  hasher.update('bc');
  const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
  check(crypto, {
    'md4': (c) => c.md4('abc', 'hex') === 'a448017aaf21d8525fc10ae87aa6729d',
    'md5': (c) => c.md5('abc', 'hex') === '900150983cd24fb0d6963f7d28e17f72',
    'sha1 base64': (c) => c.sha1('abc', 'base64') === 'qZk+NkcGgWq6PiVxeFDCbJzQ2J0=',
    'sha256': (c) => c.sha256('abc', 'hex') === abc,
    'incremental, twice': () => hasher.digest('hex') === abc && hasher.digest('hex') === abc,
    'ripemd160': (c) => c.ripemd160('abc', 'hex') === '8eb208f7e05d987a9b044a8e98c6b087f15a0bfc',
    'binary': (c) => c.sha512('abc', 'binary').byteLength === 64,
    'base64url': (c) => !/[+/]/.test(c.sha512('abc', 'base64url')),
    'hex': (c) => c.hexEncode('abc') === '616263',
    'random': (c) => c.randomBytes(12).byteLength === 12,
  });
}
