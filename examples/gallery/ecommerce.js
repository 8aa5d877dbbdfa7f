// What a shop sells under load: how many visits become orders, what they are worth, where the others are lost.
//
//   brunt target --listen 127.0.0.1:8080
//   brunt run -e BASE_URL=http://127.0.0.1:8080 -o influxdb=http://127.0.0.1:8086/k6 examples/gallery/ecommerce.js
import http from 'k6/http';
import { check, group, sleep } from 'k6';
import { Counter, Rate, Trend } from 'k6/metrics';

const BASE_URL = __ENV.BASE_URL || 'http://127.0.0.1:8080';
const PAUSE_S = Number(__ENV.PAUSE || 0.5);
const PATIENCE_MS = Number(__ENV.PATIENCE || 1500); // whose page takes longer leaves

export const options = {
  vus: 10,
  duration: '30s',
  thresholds: {
    checks: ['rate>0.99'],
    ecommerce_payment_success: ['rate>0.80'],
    ecommerce_checkout_latency_ms: ['p(95)<1000'],
    'ecommerce_page_latency_ms{page:search}': ['p(95)<500'],
    ecommerce_revenue_usd: ['count>0'],
  },
};

const visits = new Counter('ecommerce_visits');
const funnel = new Counter('ecommerce_funnel_steps');
const conversions = new Rate('ecommerce_conversions');
const orders = new Counter('ecommerce_orders');
const revenue = new Counter('ecommerce_revenue_usd');
const orderValue = new Trend('ecommerce_order_value_usd');
const abandonments = new Counter('ecommerce_cart_abandonments');
const payments = new Rate('ecommerce_payment_success');
const pageLatency = new Trend('ecommerce_page_latency_ms');
const checkoutLatency = new Trend('ecommerce_checkout_latency_ms');

let token; // of this user, from the first visit on

const WISHES = ['kettle', 'cup', 'glazed', 'striped'];

function pick(list) {
  return list[Math.floor(Math.random() * list.length)];
}

// A page of the visit; undefined when the visitor has had to wait too long for it.
function page(name, method, path, body) {
  const headers = { 'Content-Type': 'application/json', ...(token ? { Authorization: `Bearer ${token}` } : {}) };
  const res = http.request(method, `${BASE_URL}${path}`, body === undefined ? null : JSON.stringify(body), {
    headers,
    tags: { name, page: name },
    responseCallback: http.expectedStatuses({ min: 200, max: 299 }, 402, 409, 504),
  });

  pageLatency.add(res.timings.duration, { page: name });
  return res.timings.duration <= PATIENCE_MS ? res : undefined;
}

function step(name) {
  funnel.add(1, { step: name });
}

function logIn() {
  const res = page('login', 'POST', '/shop/login', { username: `visitor-${__VU}`, password: 'tea' });

  token = res && res.json('token');
}

// What the visitor wants to buy: a product that was looked at, or undefined.
function browse() {
  const found = page('search', 'GET', `/shop/search?q=${pick(WISHES)}`);

  step('search');
  if (!found || !check(found, { 'something is found': (r) => r.json('total') > 0 }) || Math.random() < 0.2) {
    return undefined;
  }
  const product = pick(found.json('products')).id;
  const shown = page('product', 'GET', `/shop/products/${product}`);

  step('product');
  return shown && Math.random() < 0.75 ? product : undefined;
}

function fillCart(product) {
  const items = [{ product, quantity: 1 + Math.floor(Math.random() * 3) }];
  const res = page('cart', 'POST', '/shop/cart', { items });

  step('cart');
  return res && check(res, { 'the cart is filled': (r) => r.status === 201 }) ? res.json('id') : undefined;
}

// Gives the reason for which there is no order, or undefined when there is one.
function checkOut(cart) {
  const res = page('checkout', 'POST', '/shop/checkout', { cart });

  step('checkout');
  if (!res) {
    return 'slow';
  }
  checkoutLatency.add(res.timings.duration);
  payments.add(res.json('success') === true);
  if (res.json('success') !== true) {
    return res.json('reason') || 'error';
  }
  step('order');
  orders.add(1);
  revenue.add(res.json('total_amount'));
  orderValue.add(res.json('total_amount'));
  return undefined;
}

function buy(product) {
  const cart = group('cart', () => fillCart(product));

  if (cart === undefined) {
    return 'slow';
  }
  if (Math.random() < 0.15) {
    return 'changed_mind';
  }
  sleep(PAUSE_S / 2);
  return group('checkout', () => checkOut(cart));
}

export default function () {
  if (!token) {
    logIn();
  }
  const product = group('browse', browse);
  const reason = product === undefined ? 'nothing_wanted' : buy(product);

  visits.add(1);
  conversions.add(reason === undefined);
  if (product !== undefined && reason !== undefined) {
    abandonments.add(1, { reason });
  }
  sleep(PAUSE_S);
}
