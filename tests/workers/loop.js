// Users that go on until somebody stops them, or until one of them has had enough.
import exec from 'k6/execution';
import { sleep } from 'k6';

export const options = {
  scenarios: {
    loop: { executor: 'constant-vus', vus: 6, duration: '60s', gracefulStop: '0s' },
    rate: { executor: 'constant-arrival-rate', rate: 40, duration: '60s', preAllocatedVUs: 10, gracefulStop: '0s' },
  },
};

export default function () {
  sleep(0.02);
  if (__ENV.ENOUGH && exec.scenario.name === 'loop' && __ITER === 20) exec.test.abort('enough');
}

export function teardown() {
  console.log('torn down');
}
