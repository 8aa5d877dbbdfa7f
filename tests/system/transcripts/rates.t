--- open.js
import exec from 'k6/execution';
import { sleep } from 'k6';
export const options = {
  scenarios: {
    steady: { executor: 'constant-arrival-rate', rate: 200, duration: '1s', preAllocatedVUs: 250, exec: 'count' },
    ramp: { executor: 'ramping-arrival-rate', startRate: 100, timeUnit: '1s', preAllocatedVUs: 180, maxVUs: 200,
      stages: [{ duration: '500ms', target: 300 }, { duration: '500ms', target: 0 }], exec: 'count' },
    chance: { executor: 'constant-arrival-rate', rate: 100, duration: '1s', preAllocatedVUs: 130, arrival: 'gamma', cv: 0.5, exec: 'count' },
    late: { executor: 'constant-arrival-rate', rate: 50, duration: '1s', startTime: '200ms', preAllocatedVUs: 1, maxVUs: 1, whenBusy: 'queue', exec: 'slow' },
    full: { executor: 'constant-arrival-rate', rate: 100, duration: '1s', preAllocatedVUs: 1, maxVUs: 1, exec: 'stuck', gracefulStop: '0s' },
  },
  thresholds: {
    'iterations{scenario:steady}': ['count==201'],
    'iterations{scenario:ramp}': ['count==175'],
    'iterations{scenario:chance}': ['count>70', 'count<130'],
    'iterations{scenario:late}': ['count>=2'],
    'iteration_lag{scenario:late}': ['max>=300'],
    'iteration_response_time{scenario:late}': ['max>=400'],
    'iteration_duration{scenario:late}': ['min>=100', 'med<300'],
    'dropped_iterations{scenario:full}': ['count==100'],
  },
};
const seen = {};
export function count() {
  const n = exec.scenario.iterationInTest;
  if (n < 0 || n > 400 || exec.scenario.progress < 0 || exec.scenario.progress > 1) throw new Error(`wrong: ${n}`);
}
export function slow() { sleep(0.1); }
export function stuck() { sleep(60); }
---
# five open models at once: every iteration that is due is started, or counted as dropped
$ brunt run --loops 1 open.js
? 0
1 200.00 iterations/s for 1s (maxVUs: 250
1 arrival: gamma
1 whenBusy: queue
1 iteration_lag
1 iteration_response_time
1 dropped_iterations
2 scenario full: insufficient VUs
2! wrong:

--- sleep.js
import { sleep } from 'k6';
export const options = { vus: 3, duration: '10m' };
export default function () { sleep(0.01); }
---
# any script, at a rate
$ brunt run --rate 100 -d 1s sleep.js
? 0
1 100.00 iterations/s for 1s (maxVUs: 10-1000
1~ iterations\.+: 101 +

# a URL
$ brunt run --rate 3000/m -d 1s $URL/
? 0
1~ http_reqs\.+: 51 +
1 http_req_response_time

# with the rate changing, watching the clock
$ brunt run --rate 100 -s 1s:300 --precise $URL/
? 0
1~ http_reqs\.+: 200 +

# what is no rate
$ brunt run --rate fast $URL/
? 255
2 'fast' is not a rate

# what goes with a rate only
$ brunt run --max-vus 5 $URL/
? 255
2 go with --rate

# what a rate does not go with
$ brunt run --rate 5 -i 10 $URL/
? 255
2 not with --iterations

# what k6 does not have is checked like the rest
$ brunt run --rate 5 --arrival often $URL/
? 104
2 arrival is 'constant', 'poisson' or 'gamma'
