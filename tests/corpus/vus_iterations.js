// args: --vus 4 --iterations 12
// expect: exit=0
// expect-stdout: iterations
import { Counter } from 'k6/metrics';

const first = new Counter('first_iterations');

export const options = { thresholds: { iterations: ['count==12'], first_iterations: ['count>=1', 'count<=4'] } };

export default function () {
  if (__ITER === 0) first.add(1);
}
