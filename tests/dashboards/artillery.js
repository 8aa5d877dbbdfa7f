// What ltlab's dashboards for Artillery read, from a script's own metrics: `artillery` has one number a point, in a field
// of its own (&tagsAsFields), and `artillery_response_time` a point for each request.
import http from 'k6/http';
import { sleep } from 'k6';
import { Counter, Trend } from 'k6/metrics';

export const options = { vus: 2, duration: __ENV.DURATION || '4s' };

const artillery = new Counter('artillery');
const responseTime = new Trend('artillery_response_time', true);

export default function () {
  const began = Date.now();
  for (const path of ['/', '/not-there']) {
    const answer = http.get(`${__ENV.BASE_URL}${path}`, { tags: { name: path } });
    const tags = { name: path, method: 'GET', status: String(answer.status) };
    responseTime.add(answer.timings.duration, tags);
    artillery.add(1, { latency: String(answer.timings.duration) });
    artillery.add(1, { codes: '1', status: tags.status });
  }
  artillery.add(1, { scenarioCounts: '1', scenario: 'two pages' });
  artillery.add(1, { rps: String(2000 / Math.max(1, Date.now() - began)) });
  artillery.add(1, { scenarioDuration: String(Date.now() - began) });
  sleep(0.05);
}
