// Documents: parsed whole, by selector, and by JSON.parse; and ordinary computing in the script.
import http from 'k6/http';
import { check } from 'k6';

function total(items) {
  return items.map((p) => p.price).filter((p) => p > 0).reduce((sum, p) => sum + p, 0);
}

export default function () {
  const res = http.get(`${__ENV.BASE_URL}/json`);
  check(res.json(), { 'is a document': (d) => typeof d === 'object' });

  const list = http.get(`${__ENV.BASE_URL}/shop/products`);
  check(list, { 'has a first': (r) => r.json('products.0.id') === 1 });
  check(total(JSON.parse(list.body).products), { 'costs something': (sum) => sum > 0 });
}
