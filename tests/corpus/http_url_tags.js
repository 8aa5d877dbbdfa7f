// expect: exit=0
import http from 'k6/http';

export const options = {
  thresholds: {
    'http_reqs{name:by-tag}': ['count==3'],
    'http_reqs{kind:x}': ['count==3'],
    'http_reqs{method:GET}': ['count==5'],
    'http_req_duration{status:200}': ['max<60000'],
  },
};

export default function () {
  for (let id = 0; id < 3; id++) http.get(`${__ENV.BASE_URL}/anything/${id}`, { tags: { name: 'by-tag', kind: 'x' } });
  for (let id = 0; id < 2; id++) http.get(http.url`${__ENV.BASE_URL}/anything/${id}`);
}
