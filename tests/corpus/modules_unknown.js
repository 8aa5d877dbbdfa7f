// env: K6_AUTO_EXTENSION_RESOLUTION=false
// expect: exit=107
// expect-log: k6/nothing-like-this
import x from 'k6/nothing-like-this';

export default function () {
  x();
}
