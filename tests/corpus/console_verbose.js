// args: --verbose
// expect: exit=0
// expect-log: a debug line
export default function () {
  console.debug('a debug line');
}
