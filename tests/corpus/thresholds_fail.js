// expect: exit=99
// expect-log: thresholds on metrics 'failures' have been crossed
import { Counter } from 'k6/metrics';

const failures = new Counter('failures');

export const options = { thresholds: { failures: ['count<1'] } };

export default function () {
  failures.add(1);
}
