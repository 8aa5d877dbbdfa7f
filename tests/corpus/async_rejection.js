// expect: exit=0
// expect-log: Uncaught (in promise)
export default async function () {
  Promise.reject(new Error('nobody listens'));
}
