// Two endpoints that answer after a drawn time around 15 and 40 ms, FACTOR times as long.
import http from 'k6/http';

const factor = Number(__ENV.FACTOR || 1);

function ask(name, ms) {
  const seconds = (ms * factor * (0.6 + 0.8 * Math.random())) / 1000;
  http.get(`${__ENV.BASE_URL}/delay/${seconds.toFixed(5)}`, { tags: { name } });
}

export default function () {
  ask('search', 15);
  ask('order', 40);
}
