// A few users who also fail, under two names.
import http from 'k6/http';
import { sleep } from 'k6';

export const options = { vus: 2, duration: '8s' };

export default function () {
  http.get(`${__ENV.BASE_URL}/`, { tags: { name: 'home' } });
  http.get(`${__ENV.BASE_URL}/not-there`, { tags: { name: 'missing' } });
  sleep(0.05);
}
