// args: -u 1 -i 1
// expect: exit=0
import { check, randomSeed } from 'k6';

export const options = { thresholds: { checks: ['rate==1'] } };

export default function () {
  randomSeed(7);
  const a = [Math.random(), Math.random()];
  randomSeed(7);
  const b = [Math.random(), Math.random()];
  check(globalThis, {
    'vu and iteration': () => __VU === 1 && __ITER === 0,
    'seeded random': () => a[0] === b[0] && a[1] === b[1] && a[0] !== a[1],
    'timers': (g) => typeof g.setTimeout === 'function' && typeof g.clearInterval === 'function',
    'text encoder': () => new TextDecoder().decode(new TextEncoder().encode('hé')) === 'hé',
    'env is an object': () => typeof __ENV === 'object' && __ENV.NOPE === undefined,
    'modern syntax': () => [1, 2, 3].at(-1) === 3 && Object.fromEntries([['a', 1]]).a === 1 && (null ?? 5) === 5,
  });
}
