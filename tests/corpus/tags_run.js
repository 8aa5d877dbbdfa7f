// args: --tag build=77
// expect: exit=0
import { Trend } from 'k6/metrics';

const t = new Trend('my_trend');

export const options = { tags: { team: 'blue' }, thresholds: { 'my_trend{build:77}': ['max==5'], 'my_trend{vip:true}': ['max==3'] } };

export default function () {
  t.add(5);
  t.add(3, { vip: true, build: 'other' });
}
