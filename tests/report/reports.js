// A run with everything that reports tell of: groups, checks, thresholds, errors, and names that are markup.
import http from 'k6/http';
import { check, group, sleep } from 'k6';

const EVIL = '</script><script>alert(1)</script><!--|`*_[x](y)"\'&';

export const options = {
  vus: 2,
  duration: __ENV.DURATION || '3s',
  thresholds: {
    http_req_duration: ['p(95)<30000', 'max<0.0001'],
    checks: ['rate>0.1'],
    http_reqs: [{ threshold: 'count>0', window: '2s' }],
  },
  summaryTrendStats: ['avg', 'p(99)', 'count'],
};

if (__ENV.PASS) options.thresholds = { checks: ['rate>0.1'] };

export default function () {
  http.get(`${__ENV.BASE_URL}/get`);
  group('pay ' + EVIL, () => {
    const res = http.get(`${__ENV.BASE_URL}/status/503`, { tags: { name: EVIL } });
    check(res, { 'answered': (r) => r.status > 0, [`is 200 ${EVIL}`]: (r) => r.status === 200 });
  });
  sleep(0.05);
}
