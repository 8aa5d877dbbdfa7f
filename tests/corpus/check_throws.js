// expect: exit=0
// expect-log: from a check
// expect-not: not reached
import { check } from 'k6';

export default function () {
  check(1, { boom: () => { throw new Error('from a check'); } });
  console.log('not reached');
}
