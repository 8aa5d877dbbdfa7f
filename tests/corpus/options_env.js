// env: K6_ITERATIONS=4
// env: K6_VUS=2
// env: MY_SETTING=from-environment
// args: -e OTHER=from-option
// expect: exit=0
// expect-log: from-environment from-option undefined
import exec from 'k6/execution';

export const options = { thresholds: { iterations: ['count==4'] } };

export default function () {
  if (exec.scenario.iterationInTest === 0) console.log(__ENV.MY_SETTING, __ENV.OTHER, String(__ENV.NOT_THERE));
}
