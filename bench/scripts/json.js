// A JSON document of 2.3 KB, parsed and looked into.
import http from 'k6/http';
import { check } from 'k6';

export default function () {
  const res = http.get(`${__ENV.BASE_URL}/doc.json`);
  const doc = res.json();
  check(doc, { 'has items': (d) => d.items.length === 20 && d.items[19].id === 20 });
}
