// expect: exit=0
// expect-log: text 1 true null undefined
// expect-log: { a: 1, b: "x", c: [ 1, "y" ] }
// expect-log: Error: bad
// expect-log: a warning
// expect-log: 12345678901234567890
// expect-not: a debug line
export default function () {
  console.log('text', 1, true, null, undefined);
  console.info({ a: 1, b: 'x', c: [1, 'y'] });
  console.error(new Error('bad'));
  console.warn('a warning');
  console.log(12345678901234567890n);
  console.debug('a debug line');
}
