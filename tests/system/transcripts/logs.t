--- log.js
export default function () {
  console.log('hello', 1, { a: [1, 'x'] });
  console.warn('careful');
  console.error('bad "thing"');
  console.debug('details');
}
---
# text, for what is no terminal
$ brunt run log.js
2~ ^time="[-0-9T:]+Z" level=info msg="hello 1 \{ a: \[ 1, \\"x\\" \] \}" source=console$
2 level=warning msg=careful source=console
2 level=error msg="bad \"thing\"" source=console
2! details

# more with -v
$ brunt run -v log.js
2 level=debug msg=details source=console

# JSON
$ brunt run --log-format json log.js
2~ ^\{"level":"warning","msg":"careful","source":"console","time":"[-0-9T:]+Z"\}$

# raw
$ brunt run --log-format raw log.js
2~ ^careful$

# into a file
$ brunt run --log-output file=run.log,level=warning log.js
2! careful
$ cat run.log
1 msg=careful
1! hello

# nowhere
$ brunt run --log-output none log.js
2! careful

# an output that is none
$ brunt run --log-output nowhere log.js
? 255
2 nowhere

# the console into a file of its own
$ brunt run --console-output console.log log.js
2! careful
$ cat console.log
1 msg=careful
1! source=console

# the environment says the same
env K6_LOG_FORMAT=raw
$ brunt run log.js
2~ ^careful$
