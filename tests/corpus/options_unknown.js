// expect: exit=0
// expect-log: unknown fields
export const options = { iterations: 1, notAnOption: true };

export default function () {}
