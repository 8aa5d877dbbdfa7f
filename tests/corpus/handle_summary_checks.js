// expect: exit=0
// expect-stdout: shop/pay passes 2 fails 1
import { check, group } from 'k6';

export const options = { iterations: 3, summaryTrendStats: ['avg', 'p(99)'] };

export default function () {
  group('shop', () => check(__ITER, { pay: (n) => n < 2 }));
}

export function handleSummary(data) {
  const g = data.root_group.groups[0];
  const c = g.checks[0];
  const stats = Object.keys(data.metrics.iteration_duration.values).sort().join();
  if (stats !== 'avg,p(99)') throw new Error(stats);
  return { stdout: `${g.name}/${c.name} passes ${c.passes} fails ${c.fails}\n` };
}
