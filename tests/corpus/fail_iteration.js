// args: -i 2
// expect: exit=0
// expect-log: no good
// expect-not: not reached
import { fail } from 'k6';

export const options = { thresholds: { iterations: ['count==2'] } };

export default function () {
  fail('no good');
  console.log('not reached');
}
