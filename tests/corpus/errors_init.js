// expect: exit=107
// expect-log: broken at init
throw new Error('broken at init');

export default function () {}
