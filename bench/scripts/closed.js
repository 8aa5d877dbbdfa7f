// Users that each wait for an answer before they ask again. Environment: BASE_URL, SECONDS, VUS.
import http from 'k6/http';

export const options = {
  discardResponseBodies: true,
  vus: Number(__ENV.VUS),
  duration: `${__ENV.SECONDS}s`,
};

export default function () {
  http.get(__ENV.BASE_URL);
}
