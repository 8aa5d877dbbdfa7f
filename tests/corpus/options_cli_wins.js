// args: -i 2 --vus 1
// expect: exit=0
export const options = { iterations: 50, vus: 5, thresholds: { iterations: ['count==2'] } };

export default function () {}
