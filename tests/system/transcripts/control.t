--- loop.js
import { sleep } from 'k6';
export const options = { scenarios: { a: { executor: 'constant-vus', vus: 2, duration: '5m', gracefulStop: '0s' } } };
export function setup() { console.log('set up'); return { from: 'setup' }; }
export default function () {
  sleep(0.01);
  if (__ITER === 150) console.log('a while later');
}
export function teardown() { console.log('torn down'); }
---
& brunt run --paused --address localhost:$PORT loop.js
until REST API at

# a run that starts paused has done nothing yet
$ brunt ctl --address localhost:$PORT status
1 waiting paused
1 users: 0 active of

# it is resumed
$ brunt ctl --address localhost:$PORT resume
2! brunt:
until set up

# and not twice
$ brunt ctl --address localhost:$PORT resume
? 1
2 the test is not paused

# users beyond the plan
$ brunt ctl --address localhost:$PORT scale --vus 6 --scenario a
1 test: running

# pause, then resume
$ brunt ctl --address localhost:$PORT pause
1 test: running, paused

# by the variable that k6 has as well
env K6_ADDRESS=localhost:$PORT
$ brunt ctl resume
1 test: running

# what cannot be scaled is said
$ brunt ctl --address localhost:$PORT scale --rate 5
? 1
2 no scenario of this test has a rate that can be scaled

# a scenario that is not there
$ brunt ctl --address localhost:$PORT scale --vus 5 --scenario b
? 1
2 there is no scenario 'b'

until a while later

# metrics, as they stand
$ brunt ctl --address localhost:$PORT metrics
1~ ^vus: value=

# events, for people
$ brunt ctl --address localhost:$PORT events
1 resume, by brunt ctl
1~ scale-vus of a from 2 to 6, by brunt ctl
1~ pause, by brunt ctl

# and for programs
$ brunt ctl --address localhost:$PORT events --json
1 "kind":"scale-vus","by":"brunt ctl","scenario":"a","from":2,"to":6

# the end
$ brunt ctl --address localhost:$PORT stop
1 being stopped

# who ended it is in its log, teardown() ran, and the exit code says so
$ wait
? 103
1 iterations
1 changed while it ran: 5 times
2 scale-vus of scenario a from 2 to 6, asked for by brunt ctl
2 stop, asked for by brunt ctl
2 torn down
2 test run stopped from the REST API

# nobody there any more
$ brunt ctl --address localhost:$PORT status
? 255
2 no answer from localhost

# nothing could end this pause
$ brunt run --paused loop.js
? 104
2 --paused needs --address

# other machines need a token
$ brunt run --address 0.0.0.0:0 loop.js
? 104
2 give --address-token

# an address that is none
$ brunt run --address nonsense loop.js
? 104
2 an address is written as HOST:PORT

# the same port for two
& brunt run --paused --address localhost:$PORT --address-token secret loop.js
until REST API at
$ brunt run --address localhost:$PORT loop.js
? 255
2 Address already in use

# a token is asked for
$ brunt ctl --address localhost:$PORT status
? 1
2 Authorization: Bearer

# and known
env BRUNT_ADDRESS_TOKEN=secret
$ brunt ctl --address localhost:$PORT stop
1 being stopped
$ wait
? 103
2! set up

# command lines that cannot be
$ brunt ctl stats
? 255
2 did you mean 'status'?

# scale by what
$ brunt ctl scale
? 255
2 scale needs either --vus N or --rate N

# help
$ brunt ctl --help
1 brunt ctl scale --vus 200
