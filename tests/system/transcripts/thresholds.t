--- window.js
import exec from 'k6/execution';
import { sleep } from 'k6';
export const options = {
  scenarios: { a: { executor: 'constant-arrival-rate', rate: 50, duration: '6s', preAllocatedVUs: 20 } },
  thresholds: {
    iterations: [{ threshold: 'rate>30', window: '2s', min_samples: 50 }],
    iteration_duration: ['p(95)<100', { threshold: 'max<100', window: '2s' }],
    iteration_lag: [{ threshold: 'max<0', after: '1h' }],
  },
};
export function setup() { sleep(2.5); }
export default function () { sleep(exec.scenario.iterationInTest === 20 ? 0.2 : 0.001); }
---
# setup() is no load and empties no window; one slow iteration fails the window it is in, for good
$ brunt run --summary-export window.json window.js
? 99
1 ✓ 'rate>30; window=2s; min_samples=50' rate=
1 ✓ 'p(95)<100' p(95)=
1 ✗ 'max<100; window=2s' max=20
1 - 'max<0; after=1h0m0s' was not judged: the test ended before its time
2 thresholds on metrics 'iteration_duration' have been crossed

--- none.js
export default function () {}
---
# k6 takes a metric that was never measured for a good one
$ brunt run -i 1 --threshold 'http_req_duration: p(95)<200' none.js
? 0
1 ✓ 'p(95)<200' p(95)=0s
1 closed model: a user who waits

# a test that measured nothing has not passed
$ brunt run -i 1 --threshold 'http_req_duration: p(95)<200; min_samples=1' none.js
? 99
1 ✗ 'p(95)<200; min_samples=1' p(95)=0s, samples: 0 of 1

# a correction, and no note with --quiet
$ brunt run -i 5 --quiet --corrected=1ms none.js
? 0
1 { corrected }
1! closed model

# what is no threshold
$ brunt run --threshold 'http_reqs' none.js
? 255
2 a threshold is written as 'METRIC: CONDITION'

# what is no window
$ brunt run --threshold 'http_reqs: count>1; window=1s' none.js
? 104
2 its window is shorter than 2 seconds

# what is no interval
$ brunt run --corrected=often none.js
? 255
2 'often' is no time between starts
