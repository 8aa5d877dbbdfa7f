// expect: exit=0
export const options = {
  scenarios: {
    steady: { executor: 'constant-arrival-rate', rate: 20, timeUnit: '1s', duration: '1s', preAllocatedVUs: 4 },
  },
  thresholds: { iterations: ['count>=19', 'count<=21'], dropped_iterations: ['count==0'] },
};

export default function () {}
