// expect: exit=99
import { sleep } from 'k6';
import { Counter } from 'k6/metrics';

const c = new Counter('too_many');

export const options = {
  vus: 1,
  duration: '30s',
  thresholds: { too_many: [{ threshold: 'count<3', abortOnFail: true }] },
};

export default function () {
  c.add(1);
  sleep(0.1);
}
