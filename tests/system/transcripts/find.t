# help names the options
$ brunt find --help
1 --slo
1 --max-rate
1! --vus
1! --linger

# the objective is missing
$ brunt find $URL/
? 255
2 --slo is missing

# an objective that is none
$ brunt find $URL/ --slo 'http_req_duration p(99)'
? 104
2 an objective is written as

# a metric that there is not
$ brunt find $URL/ --slo 'no_such_metric p(99)<1'
? 104
2 no_such_metric
1! probe

# a number that the metric does not have
$ brunt find $URL/ --slo 'http_req_failed p(99)<1'
? 104
2 unsupported aggregation method

# options of a single run are none of a search
$ brunt find $URL/ --slo 'http_req_failed rate<1' --vus 5
? 255
2 unknown option

# borders that are the wrong way round
$ brunt find $URL/ --slo 'http_req_failed rate<1' --start-rate 100 --max-rate 10
? 255
2 --max-rate 10 is below --start-rate 100

# a span that is none
$ brunt find $URL/ --slo 'http_req_failed rate<1' --probe 10
? 255
2 --probe '10'

--- two.js
export const options = { scenarios: {
  a: { executor: 'constant-vus', vus: 1, duration: '1s', exec: 'f' },
  b: { executor: 'constant-vus', vus: 1, duration: '1s', exec: 'g', env: { WHO: 'b' }, tags: { who: 'b' } } },
  thresholds: { iterations: ['count<1'] } };
export function setup() { return { n: 1 }; }
export function f() { throw new Error('not me'); }
export function g(d) { if (__ENV.WHO !== 'b' || d.n !== 1) throw new Error('wrong'); }
---
# of several scenarios one must be chosen
$ brunt find two.js --slo 'iterations count>0'
? 104
2 (a, b)

# one that there is not
$ brunt find two.js --scenario c --slo 'iterations count>0'
? 104
2 there is no 'c'

# the highest rate holds, with the scenario's function, environment and tags, and no threshold of the script
$ brunt find two.js --scenario b --slo 'iterations{who:b} rate>40' --start-rate 50 --max-rate 50 --confirm 1 --probe 1s --warmup 0s
? 0
1 holds at 50 iterations a second, the most that --max-rate allows
1~ grow +50 .* held
2! wrong
2! not me

# not even the start rate
$ brunt find $URL/queue?ms=20 --slo 'http_req_duration p(50)<10' --probe 1s --warmup 0s
? 113
1 does not hold even at the start rate of 10
1 failed: http_req_duration p(50)<10: 20

# an objective that nothing is measured for
$ brunt find two.js --scenario b --slo 'http_req_duration p(99)<1000' --probe 1s --warmup 0s
? 113
1 http_req_duration has no samples

# JSON alone on standard output
$ brunt find $URL/ --slo 'http_req_failed rate<0.1' --start-rate 20 --max-rate 20 --confirm 1 --probe 1s --warmup 0s --json -
1 "end": "at-max"
1 "confirmed": true
1 "rate": 20,
1! holds at
2 holds at 20

--- broken.js
export function setup() { throw new Error('no set-up'); }
export default function () {}
---
# a script that fails ends the search
$ brunt find broken.js --slo 'iterations count>0' --probe 1s --warmup 0s
? 107
2 no set-up

# Ctrl-C shows what is known
$ brunt find $URL/ --slo 'http_req_failed rate<0.1' --probe 1s --warmup 0s
kill INT grow         20 
? 105
1 The search was stopped.
1 The highest rate that held: 20 iterations a second (not confirmed)
