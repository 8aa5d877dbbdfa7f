// expect: exit=0
import { check } from 'k6';

export const options = { thresholds: { checks: ['rate==1'] } };

const fails = (t) => { try { JSON.parse(t); return false; } catch (e) { return e instanceof SyntaxError; } };

export default function () {
  const text = '{"b":1,"a":[1,-0,1e3,"\\u00e9\\ud83d\\ude00"],"2":0,"1":0,"b":2,"__proto__":{"x":1}}';
  const v = JSON.parse(text);
  check(v, {
    'order': (o) => Object.keys(o).join() === '1,2,b,a,__proto__',
    'last wins': (o) => o.b === 2,
    'own __proto__': (o) => Object.getPrototypeOf(o) === Object.prototype && o.x === undefined,
    'strings': (o) => o.a[3] === 'é😀' && o.a[2] === 1000,
    'arrays': (o) => Array.isArray(o.a) && o.a.length === 4,
    'reviver': () => JSON.parse('[1,2]', (k, x) => (k === '0' ? 10 : x))[0] === 10,
    'round trip': () => JSON.stringify(JSON.parse('{"a":[1,{"b":null}]}')) === '{"a":[1,{"b":null}]}',
    'errors': () => ['', '{', '[1,]', '{"a":1,}', '01', "'a'", 'undefined', '[1] x'].every(fails),
  });
}
