// expect: exit=0
// expect-log: GoError true true
import { group } from 'k6';
import http from 'k6/http';

export default function () {
  try {
    http.batch();
  } catch (e) {
    console.log(e.name, e instanceof Error, typeof e.message === 'string' && e.message.includes('no argument was provided'));
  }
  try {
    group('a::b', () => {});
  } catch (e) {
    if (!e.message.includes('::')) throw e;
  }
}
