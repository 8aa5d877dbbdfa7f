// args: -i 2 -u 1
// expect: exit=0
export const options = { minIterationDuration: '200ms', thresholds: { iteration_duration: ['max<150'] } };

let last = 0;

export default function () {
  const now = Date.now();
  if (last && now - last < 150) throw new Error(`only ${now - last} ms`);
  last = now;
}
