// Users that make garbage, in cycles that only a collection can free, and rest in between.
import { sleep } from 'k6';

class Item {
  constructor(order, i) {
    this.order = order;
    this.name = `item ${i}`;
    this.tags = ['a', 'b', { i }];
    this.total = () => this.order.items.length * i;
  }
}

function visit() {
  const order = { items: [] };
  for (let i = 0; i < 50; i++) order.items.push(new Item(order, i));
  let sum = 0;
  for (const item of order.items) sum += item.total();
  if (sum !== 61250) throw new Error(`sum ${sum}`);
}

export default function () {
  visit();
  sleep(0.5 + Math.random());
}
