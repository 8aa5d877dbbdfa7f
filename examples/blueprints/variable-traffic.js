// Twenty arrivals a second, however long the service takes for each: the open model.
import http from 'k6/http';
import { check, sleep } from 'k6';

const target = __ENV.TARGET_API_URL || 'http://localhost:5000';

export const options = {
  scenarios: {
    arrivals: {
      executor: 'constant-arrival-rate',
      rate: 20,
      timeUnit: '1s',
      duration: '10m',
      preAllocatedVUs: 50,
      maxVUs: 100,
    },
  },
};

export default function () {
  const answer = http.get(`${target}/endpoint`);

  check(answer, { 'status is 200': (r) => r.status === 200 });
  sleep(Math.random() * 2);
}
