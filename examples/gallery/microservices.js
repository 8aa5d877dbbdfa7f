// How the services behind a gateway are: their latency, caches, queues, databases, retries and circuits, as answers tell.
//
//   brunt target --listen 127.0.0.1:8080
//   brunt run -e BASE_URL=http://127.0.0.1:8080 -o influxdb=http://127.0.0.1:8086/k6 examples/gallery/microservices.js
import http from 'k6/http';
import { check, sleep } from 'k6';
import { Counter, Gauge, Rate, Trend } from 'k6/metrics';

const BASE_URL = __ENV.BASE_URL || 'http://127.0.0.1:8080';
const PAUSE_S = Number(__ENV.PAUSE || 0.3);

export const options = {
  vus: 10,
  duration: '30s',
  thresholds: {
    checks: ['rate>0.99'],
    cache_hits: ['rate>0.30'],
    'external_service_latency_ms{service:users}': ['p(95)<200'],
    'service_health{service:users}': ['rate>0.99'],
    'service_health{service:payments}': ['rate>0.75'],
  },
};

const latency = new Trend('external_service_latency_ms');
const databaseTime = new Trend('database_query_time_ms');
const health = new Rate('service_health');
const cacheHits = new Rate('cache_hits');
const calls = new Counter('service_calls');
const activations = new Counter('circuit_breaker_activations');
const rejections = new Counter('circuit_breaker_rejections');
const queueDepth = new Gauge('worker_queue_depth');
const workerSaturation = new Gauge('worker_saturation');
const poolUtilization = new Gauge('database_pool_utilization');

function measure(call) {
  const tags = { service: call.service };

  health.add(call.status === 'ok', tags);
  activations.add(call.circuit_opened ? 1 : 0, tags);
  rejections.add(call.status === 'unavailable' ? 1 : 0, tags);
  if (call.status === 'unavailable' && call.retries === 0) {
    return; // nothing was called
  }
  calls.add(1, { ...tags, retries: String(call.retries) });
  latency.add(call.external_service_time_ms, tags);
  cacheHits.add(call.cache_hit, tags);
  if (!call.cache_hit) {
    databaseTime.add(call.db_query_time_ms, tags);
  }
  queueDepth.add(call.queue_depth, tags);
  workerSaturation.add(call.workers.busy / call.workers.size, tags);
  poolUtilization.add(call.db_pool.in_use / call.db_pool.size, tags);
}

export default function () {
  const res = http.get(`${BASE_URL}/svc/gateway`, {
    tags: { name: 'gateway' },
    // A degraded answer is one of the gateway's; what is ill is measured below.
    responseCallback: http.expectedStatuses(200, 502, 503),
  });
  const isAnswer = check(res, { 'the gateway says who answered': (r) => r.json('dependencies.#') === 4 });

  if (isAnswer) {
    res.json('dependencies').forEach(measure);
  }
  sleep(PAUSE_S);
}
