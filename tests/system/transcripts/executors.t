--- scenarios.js
import exec from 'k6/execution';
export const options = {
  scenarios: {
    shared: { executor: 'shared-iterations', vus: 3, iterations: 10, exec: 'count' },
    each: { executor: 'per-vu-iterations', vus: 2, iterations: 3, exec: 'count', startTime: '100ms', env: { WHO: 'each' } },
    some: { executor: 'constant-vus', vus: 2, duration: '1s', exec: 'pause' },
    ramp: { executor: 'ramping-vus', startVUs: 0, stages: [{ duration: '200ms', target: 3 }, { duration: '100ms', target: 0 }], exec: 'pause' },
  },
  thresholds: {
    'iterations{scenario:shared}': ['count==10'],
    'iterations{scenario:each}': ['count==6'],
    'iterations{scenario:some}': ['count>=2'],
    'iterations{scenario:ramp}': ['count>=1'],
  },
};
export function count() { if (exec.scenario.name === 'each' && __ENV.WHO !== 'each') throw new Error('wrong env'); }
export function pause() { const end = Date.now() + 20; while (Date.now() < end); }
---
# four executors at once, counted by scenario
$ brunt run scenarios.js
? 0
1 scenarios: (100.00%) 4 scenarios
1 10 iterations shared among 3 VUs
1 3 iterations for each of 2 VUs
1 2 looping VUs for 1s
1 Up to 3 looping VUs for 300ms over 2 stages
2! wrong env

--- graceful.js
import { sleep } from 'k6';
export const options = { scenarios: { a: { executor: 'constant-vus', vus: 1, duration: '1s', gracefulStop: '0s' } } };
export default function () { sleep(30); }
---
# without a graceful stop an iteration is interrupted
$ brunt run graceful.js
1 1 interrupted iterations
< 15

--- setup.js
export const options = { vus: 3, iterations: 6 };
export function setup() { return { list: [1, 2], at: 'start' }; }
export default function (data) { if (data.list.length !== 2 || data.at !== 'start') throw new Error('no data'); }
export function teardown(data) { console.log(`end of ${data.at}`); }
---
# set-up's data reaches everyone
$ brunt run setup.js
2 end of start
2! no data
