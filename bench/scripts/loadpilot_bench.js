// The scenarios of loadpilot_bench.py for k6. Environment: BASE_URL, SHAPE, and RPS, or USERS for as fast as they can; SECONDS.
import http from 'k6/http';
import { check } from 'k6';

const shape = __ENV.SHAPE;
const rps = Number(__ENV.RPS || 0);
const duration = `${__ENV.SECONDS}s`;
const url = `${__ENV.BASE_URL}/fast`;

export const options = {
  scenarios: {
    load: rps
      ? {
          executor: 'constant-arrival-rate',
          rate: shape === 'Batch' ? rps / 5 : rps,
          timeUnit: '1s',
          duration,
          preAllocatedVUs: 50,
          maxVUs: 200,
        }
      : { executor: 'constant-vus', vus: Number(__ENV.USERS), duration },
  },
};

let headers; // of each user its own

function login() {
  if (!headers) headers = { Authorization: `Bearer ${http.get(`${__ENV.BASE_URL}/uuid`).json().uuid}` };
  return { headers };
}

const shapes = {
  Static: () => http.get(url),
  OnStart: () => http.get(url, login()),
  Full: () => {
    const r = http.get(url, login());
    const body = r.json();
    check(r, { fast: () => r.status === 200 && body.ok });
  },
  Batch: () => http.batch(Array(5).fill(['GET', url, null, login()])),
};

export default shapes[shape];
