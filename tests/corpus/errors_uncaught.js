// args: -i 2
// expect: exit=0
// expect-log: TypeError
// expect-log: errors_uncaught.js:11
import { Counter } from 'k6/metrics';

const before = new Counter('before');
export const options = { thresholds: { before: ['count==2'], iterations: ['count==2'] } };

function inner(x) {
  return x.deep.er;
}

export default function () {
  before.add(1);
  inner({});
}
