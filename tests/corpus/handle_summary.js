// expect: exit=0
// expect-stdout: requests: 2
// expect-file: result.json "count":2
import http from 'k6/http';

export default function () {
  http.get(`${__ENV.BASE_URL}/get`);
  http.get(`${__ENV.BASE_URL}/get`);
}

export function handleSummary(data) {
  const reqs = data.metrics.http_reqs.values;
  if (!data.metrics.http_req_duration.values['p(95)']) throw new Error('no percentiles');
  return {
    stdout: `requests: ${reqs.count}\n`,
    'result.json': JSON.stringify({ count: reqs.count, state: Object.keys(data.state) }),
  };
}
