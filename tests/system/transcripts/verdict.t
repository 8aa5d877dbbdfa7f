# a rate that no loop can do: the run says so itself, why, and what to do
$ brunt run --rate 1000000 --max-vus 10 -d 1s --loops 1 --fail-on-invalid --summary-export out.json $URL/
? 112
1 █ GENERATOR
1 verdict: invalid
1 ✗ loop 0 was
1 Use more cores, fewer checks, or a lower rate
2 --fail-on-invalid: the generator calls this run invalid

# the same without the option: the code is that of the test
$ brunt run --rate 1000000 --max-vus 10 -d 1s --loops 1 $URL/
? 0
1 verdict: invalid

--- own.js
export const options = { scenarios: { a: { executor: 'constant-arrival-rate', rate: 1000000, duration: '1s', preAllocatedVUs: 2 } } };
export default function () {}
export function handleSummary(data) {
  return { stdout: `verdict ${data.generator.verdict}, loops ${data.generator.loops.length}, due ${data.generator.loops[0].due}\n` };
}
---
# a script that writes its own summary has all figures, and the log says what is wrong
$ brunt run --loops 1 --fail-on-invalid own.js
? 112
1 verdict invalid, loops 1, due 1000001
1! GENERATOR
2 the generator calls this run invalid: loop 0

# what the machine cannot hold is said beforehand
$ brunt run --rate 5 --max-vus 900000 -d 1s $URL/
2 the test may need 900000 connections at once

$ brunt run -u 1 -i 1 --no-connection-reuse $URL/
? 0
2 each keeps its local port for a minute

--- unread.js
import http from 'k6/http';
export const options = { vus: 2, iterations: 20 };
export default function () { http.get(__ENV.BASE_URL); }
export function handleSummary(data) {
  const l = data.generator.loops[0];
  const ordered = l.unread_median_ms > 0 && l.unread_median_ms <= l.unread_p99_ms && l.unread_p99_ms <= l.unread_max_ms;
  return { stdout: `ordered: ${ordered}\n` };
}
---
# how long answers lay in the kernel, when it is asked
$ brunt run --loops 1 --kernel-timestamps -e BASE_URL=$URL/ unread.js
? 0
1 ordered: true

# and not otherwise
$ brunt run --loops 1 -e BASE_URL=$URL/ unread.js
? 0
1 ordered: false
