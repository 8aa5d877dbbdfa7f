// expect: exit=0
// expect-log: sync micro a b tick tick tick
import { sleep } from 'k6';

export default function () {
  const order = [];
  let ticks = 0;
  setTimeout(() => order.push('b'), 20);
  setTimeout((x) => order.push(x), 5, 'a');
  const never = setTimeout(() => order.push('never'), 10);
  clearTimeout(never);
  const id = setInterval(() => {
    order.push('tick');
    if (++ticks === 3) {
      clearInterval(id);
      console.log(order.join(' '));
    }
  }, 100);
  Promise.resolve().then(() => order.push('micro'));
  order.push('sync');
  sleep(0.001);
}
