// expect: exit=0
// expect-log: counter 1 2 true
const counter = require('./lib/counter.cjs.js');
const http = require('k6/http');
const { check } = require('k6');

module.exports.options = { iterations: 1 };

module.exports.default = function () {
  const first = counter.next();
  const again = require;
  console.log(counter.name, first, counter.next(), typeof http.get === 'function' && typeof again === 'function');
  check(http.get(`${__ENV.BASE_URL}/get`), { ok: (r) => r.status === 200 });
};
