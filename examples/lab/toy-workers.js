// Work that is accepted now and done later: each job is asked for until it is over, at most six times.
import http from 'k6/http';
import { check, sleep } from 'k6';
import { Counter, Trend } from 'k6/metrics';

const target = __ENV.TARGET_API_URL || 'http://localhost:5000';
const modes = ['cpu', 'io', 'mixed'];
const jobTime = new Trend('job_time', true);
const jobs = new Counter('jobs');

export const options = {
  vus: Number(__ENV.CONCURRENCY || 20),
  duration: __ENV.DURATION || '40s',
};

export default function () {
  const mode = modes[Math.floor(Math.random() * modes.length)];
  const headers = { 'Content-Type': 'application/json' };
  const began = Date.now();
  const accepted = http.post(`${target}/jobs`, JSON.stringify({ mode }), { headers });

  if (!check(accepted, { 'job is accepted': (r) => r.status === 202 })) {
    sleep(0.6);
    return;
  }
  const url = `${target}/jobs/${accepted.json('jobId')}`;
  let status = accepted.json('status');

  for (let i = 0; i < 6 && status !== 'done' && status !== 'failed'; i++) {
    sleep(0.6);
    status = http.get(url, { tags: { name: '/jobs/:id' } }).json('status');
  }
  jobs.add(1, { mode, status });
  if (status === 'done' || status === 'failed') {
    jobTime.add(Date.now() - began, { mode });
  }
}
