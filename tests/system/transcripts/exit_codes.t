--- ok.js
export default function () {}
---
# a run that does nothing succeeds
$ brunt run ok.js
1~ iterations\.+: 1 
1 default: 1 iterations for each of 1 VUs

--- crossed.js
import { Counter } from 'k6/metrics';
const n = new Counter('seen');
export const options = { thresholds: { seen: ['count<1'] } };
export default function () { n.add(1); }
---
# a crossed threshold is 99
$ brunt run crossed.js
? 99
2 thresholds on metrics 'seen' have been crossed
1 ✗ 'count<1'

# not when thresholds are switched off
$ brunt run --no-thresholds crossed.js
? 0

--- abort_on_fail.js
import { Counter } from 'k6/metrics';
import { sleep } from 'k6';
const n = new Counter('seen');
export const options = { duration: '40s', thresholds: { seen: [{ threshold: 'count<1', abortOnFail: true }] } };
export default function () { n.add(1); sleep(0.1); }
---
# abortOnFail ends the run early
$ brunt run abort_on_fail.js
? 99
2 at least one has abortOnFail enabled, stopping test prematurely
< 20

--- abort.js
import exec from 'k6/execution';
export const options = { duration: '40s' };
export default function () { exec.test.abort('enough'); }
export function teardown() { console.log('torn down'); }
---
# test.abort() is 108, and teardown runs
$ brunt run abort.js
? 108
2 enough
2 torn down
< 20

--- abort_setup.js
import exec from 'k6/execution';
export function setup() { exec.test.abort(); }
export default function () { console.log('never'); }
---
# also in setup
$ brunt run abort_setup.js
? 108
2! never

--- fail.js
import exec from 'k6/execution';
export const options = { iterations: 3 };
export default function () { exec.test.fail('bad'); console.log('goes on'); }
---
# test.fail() is 110, and the run goes on
$ brunt run fail.js
? 110
2 goes on
1~ iterations\.+: 3 

--- throw_init.js
throw new Error('too early');
---
# an exception while loading is 107
$ brunt run throw_init.js
? 107
2 too early
2 throw_init.js

--- throw_setup.js
export function setup() { throw new Error('no set-up'); }
export default function () { console.log('never'); }
export function teardown() { console.log('torn down'); }
---
# in setup as well, and nothing else runs
$ brunt run throw_setup.js
? 107
2 no set-up
2! never
2! torn down

--- throw_teardown.js
export default function () {}
export function teardown() { throw new Error('no end'); }
---
# in teardown as well
$ brunt run throw_teardown.js
? 107
2 no end

--- throw_iteration.js
export const options = { iterations: 3 };
export default function () { throw new Error('this one'); }
---
# in an iteration it is logged, and the run succeeds
$ brunt run throw_iteration.js
? 0
2 this one
2 throw_iteration.js:2
1~ iterations\.+: 3 

--- syntax.js
export default function () {
  let x = ;
}
---
# a syntax error shows where it is
$ brunt run syntax.js
? 107
2 syntax.js
2~ \b2:\d+

--- nothing.js
const x = 1;
---
# a script without functions
$ brunt run nothing.js
? 255
2 no exported functions in script

--- setup_timeout.js
import { sleep } from 'k6';
export const options = { setupTimeout: '300ms' };
export function setup() { sleep(30); }
export default function () {}
---
# set-up that takes too long is 100
$ brunt run setup_timeout.js
? 100
< 15

--- teardown_timeout.js
import { sleep } from 'k6';
export const options = { teardownTimeout: '300ms' };
export default function () {}
export function teardown() { sleep(30); }
---
# teardown that takes too long is 101
$ brunt run teardown_timeout.js
? 101
< 15
