--- ok.js
import { sleep } from 'k6';
export const options = { vus: 1, duration: '1s' };
export default function () { sleep(0.1); }
---
--- text.db
This is a text, not a store.
---
# the page is announced below the banner
$ brunt run --no-store --ui=127.0.0.1:0 ok.js
1~ page: http://127\.0\.0\.1:\d+/

# quiet, it is in the log
$ brunt run --no-store -q --ui=127.0.0.1:0 ok.js
1! page:
2~ page at http://127\.0\.0\.1:\d+/

# an address that is none
$ brunt run --no-store --ui=nowhere ok.js
? 104
2 --ui 'nowhere'

# a host that is none
$ brunt run --no-store --ui=no.such.host.invalid:6460 ok.js
? 104
2 --ui

# an address for others has a token in its URL
$ brunt run --no-store -q --ui=0.0.0.0:0 ok.js
2~ #token=[0-9a-f]{32}

# a token that was given is not printed
env BRUNT_UI_TOKEN=mine-alone
$ brunt run --no-store -q --ui=0.0.0.0:0 ok.js
2~ page at http://[^/]+/"
2! #token
2! mine-alone
1! mine-alone

# no browser is no reason to stop
env BROWSER=no-such-browser
$ brunt run --no-store -q --open --ui=127.0.0.1:0 ok.js
2 no browser

# the variable
env BRUNT_UI=127.0.0.1:0
$ brunt run --no-store -q ok.js
2 page at http://127.0.0.1:

# which can say no
env BRUNT_UI=false
$ brunt run --no-store -q ok.js
2! page at

# k6's variables
env K6_WEB_DASHBOARD=true
env K6_WEB_DASHBOARD_PORT=0
$ brunt run --no-store -q ok.js
2 page at http://127.0.0.1:

# a port that is none
env K6_WEB_DASHBOARD=true
env K6_WEB_DASHBOARD_PORT=many
$ brunt run --no-store -q ok.js
? 104
2 K6_WEB_DASHBOARD_PORT 'many'

# a test that starts paused can be resumed from the page
$ brunt run --paused --no-store -q --ui=127.0.0.1:0 ok.js
kill INT page at
? 105

# a file that is no store
$ brunt ui --store text.db --listen 127.0.0.1:0
? 255
2 text.db

# an address that cannot be
$ brunt ui --store new.db --listen nowhere
? 104
2 --listen 'nowhere'
