--- ok.js
export default function () {}
---
# options come from flags
$ brunt run -u 5 -i 20 ok.js
1~ iterations\.+: 20 

# from the environment
env K6_ITERATIONS=7
env K6_VUS=7
$ brunt run ok.js
1~ iterations\.+: 7 

# flags win
env K6_ITERATIONS=7
$ brunt run --iterations=3 ok.js
1~ iterations\.+: 3 

# a bad number in the environment is 104
env K6_VUS=many
$ brunt run ok.js
? 104

--- config.json
{"vus": 2, "iterations": 4}
---
# from a file
$ brunt run --config config.json ok.js
1~ iterations\.+: 4 

# a file that is not there is 104
$ brunt run --config none.json ok.js
? 104

# iterations fewer than users
$ brunt run -u 5 -i 2 ok.js
? 104

# a script from standard input
$ brunt run - < ok.js
1~ iterations\.+: 1 

--- type.js
export const options = { vus: 'many' };
export default function () {}
---
# an option of the wrong type is 104
$ brunt run type.js
? 104

--- unknown.js
export const options = { vsu: 3 };
export default function () {}
---
# an unknown option is a warning
$ brunt run unknown.js
? 0
2~ level=warning.*vsu

--- unknown_in_scenario.js
export const options = { scenarios: { a: { executor: 'constant-vus', vus: 1, duration: '1s', vsu: 1 } } };
export default function () {}
---
# in a scenario it is 104
$ brunt run unknown_in_scenario.js
? 104
2 vsu

--- no_executor.js
export const options = { scenarios: { a: { executor: 'sometimes' } } };
export default function () {}
---
# an executor that is none
$ brunt run no_executor.js
? 104
2 sometimes

--- no_exec.js
export const options = { scenarios: { a: { executor: 'per-vu-iterations', exec: 'nowhere' } } };
export default function () {}
---
# a function that is none
$ brunt run no_exec.js
? 104
2 nowhere

--- threshold_grammar.js
export const options = { thresholds: { http_reqs: ['count?1'] } };
export default function () {}
---
# a threshold that cannot be read
$ brunt run threshold_grammar.js
? 104
2 malformed threshold expression

--- threshold_metric.js
export const options = { thresholds: { no_such_metric: ['count>1'] } };
export default function () {}
---
# a threshold on a metric that is none
$ brunt run threshold_metric.js
? 104
2~ no metric name \\?"no_such_metric\\?" found

--- threshold_method.js
export const options = { thresholds: { http_reqs: ['p(95)<1'] } };
export default function () {}
---
# a method that the metric does not have
$ brunt run threshold_method.js
? 104
2 unsupported aggregation method

--- env.js
export default function () { console.log(`got ${__ENV.WHO} ${__ENV.EMPTY === '' ? 'empty' : 'not'} ${__ENV.FROM_SHELL}`); }
---
# variables for the script
env FROM_SHELL=shell
$ brunt run -e WHO=me --env EMPTY= env.js
2 got me empty shell

# without those of the shell
env FROM_SHELL=shell
$ brunt run --include-system-env-vars=false -e WHO=me env.js
2 got me not undefined

# a bad name
$ brunt run -e 1x=2 env.js
? 255

--- stages.js
import exec from 'k6/execution';
export default function () { if (exec.instance.vusActive > 3) throw new Error('too many'); }
---
# stages from a flag
$ brunt run -s 200ms:2 -s 300ms:0 stages.js
? 0
1 default: Up to 2 looping VUs for 500ms over 2 stages
2! too many

# tags from a flag
$ brunt run --tag a=b --tag c=d ok.js
? 0

# a tag without a value
$ brunt run --tag a ok.js
? 255
