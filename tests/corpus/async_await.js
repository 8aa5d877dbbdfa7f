// args: -i 2
// expect: exit=0
// expect-log: caught late
// expect-log: sum 6
const wait = (ms, v) => new Promise((ok) => setTimeout(() => ok(v), ms));

export async function setup() {
  return { n: await wait(10, 3) };
}

export default async function (data) {
  let sum = data.n;
  for (const ms of [1, 2]) sum += await wait(ms, ms);
  console.log('sum', sum);
  try {
    await wait(1).then(() => { throw new Error('late'); });
  } catch (e) {
    console.log('caught', e.message);
  }
  const settled = await Promise.allSettled([wait(1), Promise.reject(new Error('x'))]);
  if (settled[1].status !== 'rejected') throw new Error('settled');
}
