# help names the commands
$ brunt --help
1 run
1 target

# help of a command names its options
$ brunt run --help
1 --vus
1 --duration
1 --http-debug

# the version
$ brunt version
1 brunt

# a command that is none, with a suggestion
$ brunt rnu
? 255
2 did you mean 'run'

--- ok.js
export default function () {}
---
# an option that is none, with a suggestion
$ brunt run --vsu 3 ok.js
? 255
2 did you mean '--vus'

# a value that is missing
$ brunt run ok.js --vus
? 255

# a value that is none
$ brunt run --vus many ok.js
? 255

# a script that is missing
$ brunt run
? 255

# a script that is not there
$ brunt run none.js
? 255
2 none.js

# one script too many
$ brunt run ok.js ok.js
? 255

# bundled and joined options
$ brunt run -qi5 -u5 ok.js
1~ iterations\.+: 5 
1! execution: local

# an option that must not swallow the script
$ brunt run --http-debug ok.js
? 0

# completion is valid for its shell
$ brunt completion bash
1 --vus
1 complete -F

# the target's list
$ brunt target --list
1 /digest-auth/:qop/:user/:password
1 /chaos/stall

# the target refuses what is no address
$ brunt target --listen nowhere
? 255
2 nowhere

# the target ends on a signal
$ brunt target --listen 127.0.0.1:0
kill TERM http://
? 0
< 20

# an option that does nothing yet says so
$ brunt run --traces-output otel ok.js
2 there are no traces yet

# an output that is not there: what there is
$ brunt run -o jsn=points.json ok.js
? 104
2 no output is called

# a setting that is not there
$ brunt run -o 'json=points.json?presision=ms' ok.js
? 104
2 output json: it has no setting

# every sample in a file, and an account of it
$ brunt run -o json=points.json ok.js
1 █ OUTPUTS
1 ✓ json

# nothing of it in a directory that is not there
$ brunt run -o json=no/such/points.json ok.js
? 104
2 no/such/points.json

# a value that asks for nothing is no reason to
$ brunt run --traces-output none --paused=false -t js ok.js
2! yet
