--- mixed.js
import http from 'k6/http';
import { check, group } from 'k6';
import { Counter, Gauge, Rate, Trend } from 'k6/metrics';
const c = new Counter('my_counter'), g = new Gauge('my_gauge'), r = new Rate('my_rate'), t = new Trend('my_trend', true);
export const options = {
  iterations: 4,
  thresholds: { my_counter: ['count==8'], 'http_req_duration{kind:first}': ['max<60000'], my_rate: ['rate>=0.5'] },
};
export default function () {
  const res = http.get(`${__ENV.URL}/get?x=1`, { tags: { kind: 'first' } });
  check(res, { 'is 200': (x) => x.status === 200, 'is 201': (x) => x.status === 201 });
  group('inner', () => { c.add(2); g.add(7); r.add(__ITER % 2 === 0); t.add(12.5); });
}
---
# the text at the end
$ brunt run -e URL=$URL mixed.js
1 █ THRESHOLDS
1 ✓ 'count==8' count=8
1 {kind:first}
1 █ TOTAL RESULTS
1~ checks_total\.+: 8 
1~ checks_succeeded\.+: 50\.00% 4 out of 8
1 ✓ is 200
1 ✗ is 201
1 ↳  0% — ✓ 0 / ✗ 4
1~ my_counter\.+: 8 
1~ my_gauge\.+: 7 
1~ my_rate\.+: 50\.00% 2 out of 4
1~ my_trend\.+: avg=12\.5ms
1~ http_req_failed\.+: 0\.00% +0 out of 4
1~ http_reqs\.+: 4 
1~ iterations\.+: 4 
1~ data_received\.+: 

# with other statistics
$ brunt run -q --summary-trend-stats min,p(99.9),count --summary-time-unit s -e URL=$URL mixed.js
1~ my_trend\.+: min=0\.01s p\(99\.9\)=0\.01s +count=4

# none
$ brunt run --summary-mode disabled -e URL=$URL mixed.js
1! TOTAL RESULTS

# exported
$ brunt run -q --summary-export out.json -e URL=$URL mixed.js
$ python3 -c "import json; d = json.load(open('out.json')); print(d['metrics']['my_counter']['count'], d['metrics']['my_trend']['avg'], sorted(d)[0])"
1 8 12.5

--- handle.js
export const options = { iterations: 2 };
export default function () {}
export function handleSummary(data) {
  return {
    stdout: `iterations ${data.metrics.iterations.values.count}\n`,
    'sub.json': JSON.stringify(data),
  };
}
---
# by the script
$ brunt run -q handle.js
1 iterations 2
1! TOTAL RESULTS
$ python3 -c "import json; d = json.load(open('sub.json')); print(d['metrics']['iterations']['type'], 'root_group' in d)"
1 counter True

--- broken.js
export default function () {}
export function handleSummary() { throw new Error('no summary'); }
---
# a broken one is reported, and the usual text comes
$ brunt run -q broken.js
2 no summary
1 TOTAL RESULTS
