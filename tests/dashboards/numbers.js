// Two endpoints, one of which fails, and a metric of each type; amounts that binary fractions do not hold.
import http from 'k6/http';
import { check, sleep } from 'k6';
import { Counter, Gauge, Rate, Trend } from 'k6/metrics';

// Sixty for each: of shared ones a user may do 61, and another third of them asks for what is not there.
export const options = { scenarios: { numbers: { executor: 'per-vu-iterations', vus: 2, iterations: 60 } } };

const cost = new Counter('llm_cost_usd');
const tokens = new Counter('llm_tokens');
const answer = new Trend('answer_time', true);
const good = new Rate('good_answers');
const queue = new Gauge('queue_length');

export default function () {
  const home = http.get(`${__ENV.BASE_URL}/`, { tags: { name: 'home' } });
  check(home, { 'home is there': (r) => r.status === 200 });
  if (__ITER % 3 === 0) http.get(`${__ENV.BASE_URL}/not-there`, { tags: { name: 'missing' } });
  cost.add(0.0137);
  tokens.add(321);
  answer.add(10 + (__ITER % 10));
  good.add(__ITER % 4 !== 0);
  queue.add(7);
  sleep(0.05);
}

export function handleSummary(data) {
  return { [__ENV.SUMMARY]: JSON.stringify(data.metrics) };
}
