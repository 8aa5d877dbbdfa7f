// expect: exit=108
// expect-log: enough of it
// expect-log: teardown still runs
// expect-not: not reached
import exec from 'k6/execution';

export const options = { iterations: 100 };

export default function () {
  try {
    exec.test.abort('enough of it');
  } finally {
    console.log('not reached');
  }
}

export function teardown() {
  console.log('teardown still runs');
}
