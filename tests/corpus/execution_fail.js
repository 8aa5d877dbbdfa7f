// expect: exit=110
// expect-log: runs on
import exec from 'k6/execution';

export default function () {
  exec.test.fail('marked');
  console.log('runs on');
}
