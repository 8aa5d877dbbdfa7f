// expect: exit=0
import encoding, { b64encode } from 'k6/encoding';
import { check } from 'k6';

export const options = { thresholds: { checks: ['rate==1'] } };

export default function () {
  check(encoding, {
    'std': (e) => e.b64encode('hello world?>') === 'aGVsbG8gd29ybGQ/Pg==',
    'url': (e) => e.b64encode('hello world?>', 'url') === 'aGVsbG8gd29ybGQ_Pg==',
    'rawstd': (e) => e.b64encode('a', 'rawstd') === 'YQ',
    'named': () => b64encode('a') === 'YQ==',
    'buffer': (e) => e.b64encode(new Uint8Array([1, 2, 3]).buffer) === 'AQID',
    'decode': (e) => e.b64decode('aMOp', 'std', 's') === 'hé',
    'decode to bytes': (e) => new Uint8Array(e.b64decode('AQID'))[2] === 3,
    'bad': (e) => { try { e.b64decode('?'); return false; } catch (x) { return x instanceof Error; } },
  });
}
