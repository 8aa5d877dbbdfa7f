// expect: exit=104
export const options = { thresholds: { http_reqs: ['p(95)<5'] } };

export default function () {}
