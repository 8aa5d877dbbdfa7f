// expect: exit=0
import { sleep } from 'k6';

export const options = {
  scenarios: { hold: { executor: 'constant-vus', vus: 2, duration: '1s', gracefulStop: '2s' } },
  thresholds: { iterations: ['count>=8'], vus_max: ['value==2'] },
};

export default function () {
  sleep(0.1);
}
