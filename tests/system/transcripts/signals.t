--- long.js
import { sleep } from 'k6';
export const options = { vus: 2, duration: '60s' };
export default function () { console.log('begun'); sleep(60); }
export function teardown() { console.log('torn down'); }
---
# Ctrl-C ends the run at once: teardown and summary come, the code is 105
$ brunt run long.js
kill INT begun
? 105
2 torn down
1 TOTAL RESULTS
< 20

# so does SIGTERM
$ brunt run -q long.js
kill TERM begun
? 105
2 torn down
< 20

--- spin.js
export const options = { duration: '60s' };
export default function () { console.log('begun'); for (;;) {} }
---
# a script that never pauses can be stopped
$ brunt run spin.js
kill INT begun
? 105
< 20

# an end that was announced is not overrun by a script that never pauses
$ brunt run -d 1s --quiet spin.js
< 50

--- stubborn.js
import { sleep } from 'k6';
export const options = { duration: '60s', teardownTimeout: '60s' };
export default function () { console.log('begun'); sleep(60); }
export function teardown() { console.log('tearing'); sleep(60); }
---
# a second Ctrl-C does not wait for teardown
$ brunt run stubborn.js
kill INT begun
kill INT tearing
? 105
< 20
