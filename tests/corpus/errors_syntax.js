// expect: exit=107
// expect-log: errors_syntax.js
export default function () {
  const = 5;
}
