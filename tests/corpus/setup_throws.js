// expect: exit=107
// expect-log: setup is broken
// expect-not: not reached
export function setup() {
  throw new Error('setup is broken');
}

export default function () {
  console.log('not reached');
}

export function teardown() {
  console.log('not reached');
}
