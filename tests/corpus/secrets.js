// args: --secret-source=mock=default,token=hunter2
// expect: exit=0
// expect-log: length 7
// expect-log: ***SECRET_REDACTED***
// expect-not: hunter2
import secrets from 'k6/secrets';

export default async function () {
  const token = await secrets.get('token');
  console.log('length', token.length);
  console.log('it is', token);
}
