// expect: exit=0
// expect-log: corpus a,b 2 01 02 ff 00
const config = JSON.parse(open('./lib/config.json'));
const blob = new Uint8Array(open('./lib/blob.bin', 'b'));

export default function () {
  console.log(config.title, config.names.join(), config.limits.vus, [...blob].map((b) => b.toString(16).padStart(2, '0')).join(' '));
  let late = 'none';
  try {
    open('./lib/config.json');
  } catch (e) {
    late = e.message;
  }
  if (!/init/.test(late)) throw new Error(late);
}
