// expect: exit=0
import http from 'k6/http';
import { check } from 'k6';

export const options = { thresholds: { http_req_failed: ['rate==0.5'], 'http_req_failed{case:a}': ['rate==0'], 'http_req_failed{case:b}': ['rate==1'] } };

export default function () {
  const base = __ENV.BASE_URL;
  http.get(`${base}/status/418`, { responseCallback: http.expectedStatuses(418), tags: { case: 'a' } });
  http.get(`${base}/status/404`, { tags: { case: 'b' } });
  http.get(`${base}/status/500`, { responseCallback: null });
  http.setResponseCallback(http.expectedStatuses({ min: 400, max: 499 }, 200));
  http.get(`${base}/status/404`, { tags: { case: 'a' } });
  http.get(`${base}/status/503`, { tags: { case: 'b' } });
}
