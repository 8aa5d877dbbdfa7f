// People who look, think, log in, think: few requests from many open sessions.
import http from 'k6/http';
import { check, sleep } from 'k6';

const target = __ENV.TARGET_API_URL || 'http://localhost:5000';

export const options = {
  vus: 30,
  duration: '5m',
};

export default function () {
  const users = http.get(`${target}/users`);

  check(users, { 'users are listed': (r) => r.status === 200 });
  sleep(2);

  const login = http.post(`${target}/login`, { username: 'test', password: '1234' });

  check(login, { 'logged in': (r) => r.status === 200 });
  sleep(3);
}
