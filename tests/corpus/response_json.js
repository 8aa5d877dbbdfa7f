// expect: exit=0
import http from 'k6/http';
import { check } from 'k6';

export const options = { thresholds: { checks: ['rate==1'] } };

export default function () {
  const doc = { users: [{ n: 'a', age: 31, ok: true }, { n: 'b', age: 42 }], 'dotted.key': 1, e: [] };
  const r = http.post(`${__ENV.BASE_URL}/anything`, JSON.stringify(doc), { headers: { 'Content-Type': 'application/json' } });
  check(r, {
    'whole': (x) => x.json().json.users.length === 2,
    'path': (x) => x.json('json.users.1.n') === 'b',
    'count': (x) => x.json('json.users.#') === 2,
    'collect': (x) => x.json('json.users.#.age').join() === '31,42',
    'query': (x) => x.json('json.users.#(age>40).n') === 'b',
    'all': (x) => x.json('json.users.#(age>20)#.n').join() === 'a,b',
    'escaped': (x) => x.json('json.dotted\\.key') === 1,
    'modifier': (x) => x.json('json.users.#.n|@reverse').join() === 'b,a',
    'multipath': (x) => JSON.stringify(x.json('json.users.0.{n,age}')) === '{"age":31,"n":"a"}' || x.json('json.users.0.{n,age}').age === 31,
    'missing': (x) => x.json('json.nothing') === undefined,
    'bool': (x) => x.json('json.users.0.ok') === true,
  });
  let message = '';
  try {
    http.get(`${__ENV.BASE_URL}/html`).json();
  } catch (e) {
    message = e.message;
  }
  check(message, { 'says where': (m) => m.startsWith('cannot parse json due to an error at line 1, character') });
}
