// expect: exit=0
// expect-log: first per-vu-iterations red
// expect-log: second shared-iterations blue
import { Counter } from 'k6/metrics';
import exec from 'k6/execution';

const runs = new Counter('runs');

export const options = {
  scenarios: {
    first: { executor: 'per-vu-iterations', vus: 2, iterations: 3, exec: 'one', env: { COLOUR: 'red' }, tags: { part: 'x' } },
    second: { executor: 'shared-iterations', vus: 2, iterations: 4, exec: 'two', env: { COLOUR: 'blue' }, startTime: '100ms' },
  },
  thresholds: {
    'runs{scenario:first}': ['count==6'],
    'runs{part:x}': ['count==6'],
    'runs{scenario:second}': ['count==4'],
  },
};

function body() {
  runs.add(1);
  console.log(exec.scenario.name, exec.scenario.executor, __ENV.COLOUR);
}

export function one() {
  body();
}

export function two() {
  body();
}
