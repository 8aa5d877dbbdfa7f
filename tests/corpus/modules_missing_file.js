// expect: exit=107
// expect-log: not-there.js
import x from './not-there.js';

export default function () {
  x();
}
