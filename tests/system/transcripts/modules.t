--- lib/add.js
export function add(a, b) { return a + b; }
export default 7;
---
--- lib/old.js
const other = require('./older.cjs');
module.exports = { twice: (x) => other.times(x, 2) };
---
--- lib/older.cjs
exports.times = (a, b) => a * b;
---
--- data.json
{"users": [{"name": "ann"}, {"name": "bob"}]}
---
--- types.ts
export interface User { name: string; age?: number }
export enum Kind { A, B = 5, C }
export const greet = (u: User): string => `hi ${u.name as string}`;
---
--- main.js
import seven, { add } from './lib/add.js';
import old from './lib/old.js';
import { greet, Kind } from './types.ts';
import { SharedArray } from 'k6/data';
const users = new SharedArray('users', () => JSON.parse(open('./data.json')).users);
export default function () {
  console.log(add(seven, 1), old.twice(21), users.length, users[1].name, greet({ name: 'x' }), Kind.C);
}
---
# relative modules, CommonJS, TypeScript, files, shared data
$ brunt run main.js
2 8 42 2 bob hi x 6

--- script.ts
import { check } from 'k6';
type Numbers = Array<number>;
export const options: { iterations: number } = { iterations: 2 };
export default function (): void {
  const n: Numbers = [1, 2, 3];
  check(n, { 'has three': (x: Numbers) => x.length === 3 });
}
---
# a script in TypeScript
$ brunt run script.ts
1~ checks_succeeded\.+: 100\.00% 2 out of 2

--- missing.js
import x from './nowhere.js';
export default function () {}
---
# a module that is not there
$ brunt run missing.js
? 107
2 nowhere.js

--- no_file.js
const x = open('./nothing.txt');
export default function () {}
---
# a file that is not there
$ brunt run no_file.js
? 107
2 nothing.txt

--- late.js
export default function () { open('./data.json'); }
---
# files are opened while loading only
$ brunt run late.js
2 init
