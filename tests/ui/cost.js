// About a thousand series, all of which every tick touches: 84 names with twelve metrics each.
import http from 'k6/http';

const NAMES = 84;

export const options = {
  scenarios: {
    calls: { executor: 'constant-arrival-rate', rate: 420, timeUnit: '1s', duration: __ENV.DURATION || '12s', preAllocatedVUs: 8 },
  },
};

let n = 0;

export default function () {
  http.get(`${__ENV.BASE_URL}/status/200`, { tags: { name: `endpoint ${n++ % NAMES}` } });
}
