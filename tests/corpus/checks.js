// expect: exit=0
// expect-stdout: checks_total
// expect-stdout: 66.66%
// expect-stdout: fails on purpose
import { check } from 'k6';

export default function () {
  const ok = check({ a: 1 }, { 'a is one': (o) => o.a === 1, 'fails on purpose': (o) => o.a === 2, 'plain value': true });
  if (ok !== false) throw new Error('check must be false');
}
