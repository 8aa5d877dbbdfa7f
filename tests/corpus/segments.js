// args: --execution-segment 1/4:1/2 --execution-segment-sequence 0,1/4,1/2,1
// expect: exit=0
import exec from 'k6/execution';
import { sleep } from 'k6';

export const options = {
  scenarios: {
    shared: { executor: 'shared-iterations', vus: 8, iterations: 20, exec: 'count' },
    each: { executor: 'per-vu-iterations', vus: 8, iterations: 3, exec: 'each' },
    looping: { executor: 'constant-vus', vus: 12, duration: '1s', exec: 'pause' },
    none: { executor: 'constant-vus', vus: 1, duration: '1s', exec: 'never' },
    ramp: { executor: 'ramping-vus', startVUs: 0, stages: [{ duration: '1s', target: 4 }], exec: 'pause' },
    rate: { executor: 'constant-arrival-rate', rate: 40, duration: '1s', preAllocatedVUs: 8, exec: 'at' },
  },
  thresholds: {
    'iterations{scenario:shared}': ['count==5'],
    'iterations{scenario:each}': ['count==6'],
    'iterations{scenario:rate}': ['count>=9', 'count<=11'],
    vus_max: ['value==10'],
  },
};

export function count() {
  if (exec.scenario.iterationInTest % 4 !== 3) throw new Error(`not ours: ${exec.scenario.iterationInTest}`);
  if (exec.scenario.iterationInTest !== exec.scenario.iterationInInstance * 4 + 3) throw new Error('wrong number');
}
export function each() {
  if (exec.vu.idInTest !== (exec.vu.idInInstance - 1) * 4 + 4) throw new Error(`user ${exec.vu.idInInstance} is ${exec.vu.idInTest}`);
}
export function at() {
  if (exec.scenario.iterationInTest % 4 !== 3) throw new Error(`not ours: ${exec.scenario.iterationInTest}`);
}
export function pause() { sleep(0.1); }
export function never() { throw new Error('nothing to do here'); }
