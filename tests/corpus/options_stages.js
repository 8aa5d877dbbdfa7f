// expect: exit=0
import { sleep } from 'k6';
import exec from 'k6/execution';

export const options = {
  stages: [{ duration: '600ms', target: 3 }, { duration: '400ms', target: 0 }],
  thresholds: { iterations: ['count>3'], vus_max: ['value==3'] },
};

export default function () {
  if (exec.scenario.executor !== 'ramping-vus') throw new Error(exec.scenario.executor);
  sleep(0.05);
}
