// expect: exit=0
// args: -i 3
// expect-stdout: my_counter
import { Counter, Gauge, Rate, Trend } from 'k6/metrics';

const counter = new Counter('my_counter');
const gauge = new Gauge('my_gauge');
const rate = new Rate('my_rate');
const trend = new Trend('my_trend', true);

export const options = {
  thresholds: {
    my_counter: ['count==9'],
    my_gauge: ['value==2'],
    my_rate: ['rate>0.6', 'rate<0.7'],
    my_trend: ['avg==20', 'min==10', 'max==30', 'med>19.9', 'med<20.1', 'p(90)<=30.1'],
    'my_counter{kind:odd}': ['count==3'],
  },
};

export default function () {
  counter.add(2);
  counter.add(1, { kind: __ITER % 2 ? 'odd' : 'odd' });
  gauge.add(__ITER);
  rate.add(__ITER !== 1);
  trend.add(10 * (__ITER + 1));
}
