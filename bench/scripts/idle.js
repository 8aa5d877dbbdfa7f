// Users that only wait: what is measured is their memory.
import { sleep } from 'k6';
import http from 'k6/http';
import { check } from 'k6';

export default function () {
  sleep(3600);
  check(http.get(`${__ENV.BASE_URL}/`), { ok: (r) => r.status === 200 });
}
