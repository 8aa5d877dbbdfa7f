# nothing has been left by any run
$ brunt spool list --spool-dir $DIR/none
1 nothing is waiting in

# and as JSON
$ brunt spool list --json --spool-dir $DIR/none
1~ ^\[\]\s*$

# a receiver that is away for the whole run: all points stay, and the exit code says so
$ brunt run $URL/ -d 1s -c 1 --rate 20 --run-id away -o influxdb=http://user:hush@127.0.0.1:$PORT/k6?samples=all --spool-dir $DIR/spool --drain-timeout 100ms
? 115
1 on disk
1 brunt spool send

# they are listed, without the password
$ brunt spool list --spool-dir $DIR/spool
1~ away-influxdb +[0-9]+ .* influxdb=http://
1! hush

# the variable does as well as the option
env BRUNT_SPOOL_DIR=$DIR/spool
$ brunt spool list --json
1 "name": "away-influxdb"
1 "busy": false
1 "trouble": null
1! hush

# sending to a receiver that is still away leaves them where they are
$ brunt spool send --all --spool-dir $DIR/spool --drain-timeout 300ms
? 255
1 away-influxdb: 0 points sent
2 stay in the spool 'away-influxdb'
2 connection refused

# a name that is wrong by a letter
$ brunt spool send away-influxdc --spool-dir $DIR/spool
? 255
2 did you mean 'away-influxdb'?

# an output of another kind cannot take them
$ brunt spool send --all -o graphite=tcp://127.0.0.1:$PORT --spool-dir $DIR/spool
? 255
2 the spool has

# nor can one that does not push
$ brunt spool send --all -o null --spool-dir $DIR/spool
? 255
2 does not send from a spool

# nothing was lost by any of that
$ brunt spool drop --all --spool-dir $DIR/spool
1~ away-influxdb: [1-9][0-9]* points dropped

# and then nothing is there
$ brunt spool drop --all --spool-dir $DIR/spool
1 nothing is waiting in

# names or --all
$ brunt spool drop --spool-dir $DIR/spool
? 255
2 drop needs names of spools, or --all

# not both
$ brunt spool drop x --all --spool-dir $DIR/spool
? 255
2 drop needs names of spools, or --all

# options that belong to another action
$ brunt spool list --all --spool-dir $DIR/spool
? 255
2 --all does not go with list

# an action that there is not
$ brunt spool lst
? 255
2 did you mean 'list'?

# a time that is none
$ brunt spool send --all --drain-timeout soon
? 255
2 'soon' is not a duration

# help
$ brunt spool --help
1 Exit codes: 0
1 brunt spool send --all
