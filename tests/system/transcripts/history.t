# nothing has been kept yet
$ brunt history
? 255
2 there is no history yet: `brunt run` keeps each run in

--- shop.js
import http from 'k6/http';
export const options = { vus: 1, iterations: 5, thresholds: { http_reqs: ['count>1'] } };
export default function () { http.get(__ENV.BASE_URL); }
---
# runs are kept by themselves
$ brunt run -e BASE_URL=$URL/ --run-id first --label nightly shop.js
? 0

$ brunt run -e BASE_URL=$URL/ --run-id second shop.js
? 0

# one whose threshold fails
--- fails.js
import http from 'k6/http';
export const options = { vus: 1, iterations: 2, thresholds: { http_reqs: ['count>100'] } };
export default function () { http.get(__ENV.BASE_URL); }
---
$ brunt run -e BASE_URL=$URL/ --run-id third fails.js
? 99

# and none that was not to be
$ brunt run -e BASE_URL=$URL/ --no-store --run-id fourth shop.js
? 0

# the newest first
$ brunt history
1~ ^RUN +WHEN +SCRIPT +TIME +REQ/S +P95 +FAILED +GENERATOR +STATE +LABELS\n
1~ \nthird .* fails.js .* thresholds failed\n
1~ \nsecond .* shop.js .* finished\n
1~ \nfirst .* shop.js .* finished +nightly\n
1! fourth

$ brunt history --label nightly
1 first
1! second

$ brunt history SHOP -n 1
1 second
1! first
1! third

$ brunt history nothing-of-that-name
? 0
2 no runs

$ brunt history --json --script shop.js
1 "total":2
1 "id":"second"
1 "requests":5,
1 "state":"finished"

# labels, a note, a baseline
$ brunt tag second +slow +eu --baseline --note 'before the new cache'
1 second: +slow +eu [baseline]
1 before the new cache

$ brunt tag sec -slow --no-baseline
1 second: +eu
1! baseline

$ brunt tag baseline
? 255
2 there is no run 'baseline'

$ brunt tag second --baseline --no-baseline
? 255
2 contradict each other

# what is named wrong, and what is named twice
$ brunt tag nope +x
? 255
2 there is no run 'nope'
2 `brunt history` lists those that there are

$ brunt run -e BASE_URL=$URL/ --run-id second-again shop.js
? 0

$ brunt tag secon
? 255
2 several runs of the store
2 second-again, second

# away with one, and into another file
$ brunt export second away.brunt
1 away.brunt

$ brunt export second away.brunt
? 255
2 is there already

$ brunt import --store other.db away.brunt
1 away.brunt: 1 run taken in

$ brunt import --store other.db away.brunt
1 away.brunt: 0 runs taken in

$ brunt history --store other.db
1 second
1 eu

$ brunt import --store other.db shop.js
? 255
2 shop.js
2 no store of runs

# sent once more, from the history
$ brunt publish second -o results=again.json
1~ results: [1-9][0-9]* of [0-9]+ points delivered

$ brunt publish second
? 255
2 say where to

# removed
$ brunt rm second-again third
1 2 runs removed

$ brunt rm --before 0.000001s
1 0 runs removed

$ brunt history
1 first
1 second
1! third

$ brunt rm
? 255
2 say which

$ brunt rm first --store nowhere.db
? 255
2 cannot open the store 'nowhere.db'

# places that can't be
$ brunt run -i 1 --store $DIR/shop.js/runs.db $URL/
? 104
2 --store: cannot open the store '$DIR/shop.js/runs.db'

$ brunt run -i 1 --store-age 90 $URL/
? 255
2 '90' is no age such as 90d or 36h
