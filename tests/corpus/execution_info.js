// args: -u 1 -i 2
// expect: exit=0
// expect-log: vu 1 iteration 1 of default
import exec from 'k6/execution';
import { check } from 'k6';

export const options = { thresholds: { checks: ['rate==1'] } };

export default function () {
  exec.vu.metrics.tags.mine = 'yes';
  check(exec, {
    'vu': (e) => e.vu.idInTest === __VU && e.vu.iterationInInstance === __ITER,
    'scenario': (e) => e.scenario.name === 'default' && e.scenario.progress >= 0 && e.scenario.startTime > 1e12,
    'instance': (e) => e.instance.vusActive === 1 && e.instance.currentTestRunDuration >= 0,
    'options': (e) => e.test.options.scenarios.default.executor === 'shared-iterations',
    'tags': (e) => e.vu.metrics.tags.mine === 'yes' && e.vu.metrics.tags.scenario === 'default',
  });
  if (__ITER === 1) console.log('vu', exec.vu.idInTest, 'iteration', exec.scenario.iterationInTest, 'of', exec.scenario.name);
}
