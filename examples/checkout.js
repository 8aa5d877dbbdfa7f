// A shop visit from browsing to order, against the shop of `brunt target`:
//
//   brunt target --listen 127.0.0.1:8080
//   brunt run --vus 50 --duration 15s -e BASE_URL=http://127.0.0.1:8080 examples/checkout.js
import http from 'k6/http';
import { check, group, sleep } from 'k6';
import { Counter, Rate, Trend } from 'k6/metrics';

const BASE_URL = __ENV.BASE_URL || 'http://127.0.0.1:8080';
const PASSWORD = 'correct horse';

export const options = {
  vus: 50,
  duration: '15s',
  thresholds: {
    http_req_failed: ['rate<0.01'],
    http_req_duration: ['p(95)<500'],
    'http_req_duration{step:order}': ['p(95)<800'],
    checks: ['rate>0.99'],
    orders_refused: ['rate<0.01'],
  },
};

const orders = new Counter('orders');
const refused = new Rate('orders_refused');
const basket = new Trend('basket_value');

function login() {
  const body = JSON.stringify({ username: 'load-test', password: PASSWORD });
  const res = http.post(`${BASE_URL}/shop/login`, body, {
    headers: { 'Content-Type': 'application/json' },
    tags: { step: 'login' },
  });

  check(res, {
    'logged in': (r) => r.status === 200,
    'has a token': (r) => r.json('token') !== undefined,
  });
  return res.json('token');
}

export function setup() {
  const res = http.get(`${BASE_URL}/shop/products`);
  if (!check(res, { 'the shop is open': (r) => r.status === 200 })) {
    throw new Error(`no shop at ${BASE_URL}`);
  }
  return { products: res.json('products.#.id'), token: login() };
}

function pick(list) {
  return list[Math.floor(Math.random() * list.length)];
}

function browse(products) {
  const page = http.get(`${BASE_URL}/shop/products`, { tags: { step: 'list' } });
  check(page, { 'list has products': (r) => r.json('products.#') === products.length });

  const chosen = [pick(products), pick(products)];
  const pages = http.batch(
    chosen.map((id) => ['GET', `${BASE_URL}/shop/products/${id}`, null, { tags: { step: 'product', name: 'product' } }]),
  );
  check(pages, { 'products are there': (all) => all.every((r) => r.status === 200) });
  return chosen;
}

function order(token, chosen) {
  const params = {
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    tags: { step: 'order' },
  };
  const items = chosen.map((product) => ({ product, quantity: 1 + (__ITER % 3) }));
  const cart = http.post(`${BASE_URL}/shop/cart`, JSON.stringify({ items }), params);
  check(cart, { 'cart is filled': (r) => r.status === 201 });
  basket.add(cart.json('total'));

  const res = http.post(`${BASE_URL}/shop/orders`, JSON.stringify({ cart: cart.json('id') }), params);
  const done = check(res, {
    'order is accepted': (r) => r.status === 201 && r.json('status') === 'accepted',
    'order costs what the cart did': (r) => r.json('total') === cart.json('total'),
  });
  refused.add(!done);
  if (done) {
    orders.add(1);
  }
}

export default function (data) {
  const chosen = group('browse', () => browse(data.products));

  sleep(0.1);
  group('checkout', () => order(data.token, chosen));
}
