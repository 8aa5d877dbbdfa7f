// expect: exit=104
export const options = { scenarios: { a: { executor: 'no-such-executor', vus: 1 } } };

export default function () {}
