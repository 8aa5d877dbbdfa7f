// What a request costs, at peak times and off them, and whether instances follow the load.
//
//   brunt target --listen 127.0.0.1:8080
//   brunt run -e BASE_URL=http://127.0.0.1:8080 -o influxdb=http://127.0.0.1:8086/k6 examples/gallery/cost.js
//
// A third of the run is off-peak, a third at peak, a third off-peak again; -e SCALE=10 makes it ten times as long.
import http from 'k6/http';
import { check } from 'k6';
import exec from 'k6/execution';
import { Counter, Gauge, Trend } from 'k6/metrics';

const BASE_URL = __ENV.BASE_URL || 'http://127.0.0.1:8080';
const SCALE = Number(__ENV.SCALE || 1);
const THIRD_S = 10 * SCALE;

const THIRD = `${Math.round(THIRD_S * 1000)}ms`;

export const options = {
  scenarios: {
    day: {
      executor: 'ramping-arrival-rate',
      startRate: 10,
      timeUnit: '1s',
      preAllocatedVUs: 20,
      maxVUs: 60,
      stages: [
        { target: 10, duration: THIRD },
        { target: 60, duration: '0s' },
        { target: 60, duration: THIRD },
        { target: 10, duration: '0s' },
        { target: 10, duration: THIRD },
      ],
    },
  },
  thresholds: {
    checks: ['rate>0.99'],
    cloud_request_cost_usd: ['avg<0.0005'],
    'cloud_request_cost_usd{endpoint:thumbnail}': ['p(95)<0.00001'],
    dropped_iterations: ['count<10'],
  },
};

const cost = new Counter('cloud_cost_usd');
const requests = new Counter('cloud_requests');
const requestCost = new Trend('cloud_request_cost_usd');
const computeTime = new Trend('cloud_compute_ms');
const instances = new Gauge('cloud_instances');
const utilization = new Gauge('cloud_cpu_utilization');
const perInstance = new Gauge('cloud_requests_per_instance');
const hourlyCost = new Gauge('cloud_hourly_cost_usd');

// What people ask for most is cheapest.
const ENDPOINTS = ['thumbnail', 'search', 'thumbnail', 'report', 'thumbnail', 'search', 'thumbnail', 'export'];

function isPeak() {
  const second = (Date.now() - exec.scenario.startTime) / 1000;

  return second >= THIRD_S && second < 2 * THIRD_S;
}

export default function () {
  const endpoint = ENDPOINTS[exec.scenario.iterationInTest % ENDPOINTS.length];
  const period = isPeak() ? 'peak' : 'off-peak';
  const res = http.get(`${BASE_URL}/cloud/run/${endpoint}?period=${period}`, { tags: { name: endpoint, period } });

  if (!check(res, { 'the answer has its price': (r) => r.status === 200 && r.json('cost_usd') > 0 })) {
    return;
  }
  const answer = res.json();
  const tags = { endpoint, period };

  requests.add(1, tags);
  cost.add(answer.cost_usd, tags);
  requestCost.add(answer.cost_usd, tags);
  computeTime.add(answer.compute_ms, tags);
  instances.add(answer.instances);
  utilization.add(answer.cpu_utilization);
  perInstance.add(answer.requests_per_instance);
  hourlyCost.add(answer.hourly_cost_usd);
}
