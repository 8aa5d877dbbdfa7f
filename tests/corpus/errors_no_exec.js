// expect: exit=104
// expect-log: not found in exports
export const options = { scenarios: { a: { executor: 'shared-iterations', exec: 'missing' } } };

export default function () {}
