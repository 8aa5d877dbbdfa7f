// expect: exit=0
// expect-log: http init
// expect-log: metric init
import http from 'k6/http';
import { Counter } from 'k6/metrics';

let early = '';
try {
  http.get('http://127.0.0.1:1/');
} catch (e) {
  early = e.message;
}

export default function () {
  if (early.includes('init context')) console.log('http init');
  try {
    new Counter('too_late');
  } catch (e) {
    if (e.message.includes('init context')) console.log('metric init');
  }
}
