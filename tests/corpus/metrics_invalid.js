// expect: exit=107
// expect-log: Invalid metric name
import { Counter } from 'k6/metrics';

export const c = new Counter('not a name');

export default function () {}
