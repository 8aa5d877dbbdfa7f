// args: -u 2 -i 4
// expect: exit=0
import { SharedArray } from 'k6/data';
import { check } from 'k6';

export const options = { thresholds: { checks: ['rate==1'] } };

function parseCsv(text) {
  const rows = [];
  let row = [''];
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (quoted && c === '"' && text[i + 1] === '"') row[row.length - 1] += text[++i];
    else if (c === '"') quoted = !quoted;
    else if (c === ',' && !quoted) row.push('');
    else if (c === '\n' && !quoted) { rows.push(row); row = ['']; }
    else row[row.length - 1] += c;
  }
  const [header, ...body] = rows;
  return body.map((r) => Object.fromEntries(header.map((name, i) => [name, r[i]])));
}

const users = new SharedArray('users', () => parseCsv(open('./lib/users.csv')));
const again = new SharedArray('users', () => { throw new Error('must not run twice'); });

export default function () {
  let frozen = '';
  try {
    users[0] = 1;
  } catch (e) {
    frozen = e.name;
  }
  check(users, {
    'length': (u) => u.length === 3 && again.length === 3,
    'quotes': (u) => u[0].note === 'first, and best' && u[1].note === 'says "hi"',
    'copies': (u) => u[0] !== u[0] && u[99] === undefined,
    'iterates': (u) => [...u].map((x) => x.name).join() === 'Ada,Bob,Cyd' && u.filter((x) => x.note).length === 2,
    'immutable': () => frozen === 'TypeError',
    'deep frozen': (u) => Object.isFrozen(u[0]),
  });
}
