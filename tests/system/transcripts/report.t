# a history of one run
$ brunt run $URL/get -c 1 -d 1s --quiet --run-id shown --store $DIR/runs.db --report $DIR/a.junit.xml --report $DIR/a.md

# its reports are there
$ cat $DIR/a.junit.xml
1 <testsuites name=
1 <testcase name="the test ran to its end"
$ cat $DIR/a.md
1 ### ✅ Load test passed: <code>

# the run on the terminal, with charts of plain signs in a pipe
$ brunt show latest --store $DIR/runs.db
1 shown
1 █ TOTAL RESULTS
1 requests a second
1~ \+#+
1 █ SLOWEST REQUESTS

# by a beginning of its name, the summary alone
$ brunt show sho --summary --store $DIR/runs.db
1 http_reqs
1! OVER TIME

# for programs
$ brunt show shown --json --store $DIR/runs.db
1 "format": "brunt-run"
$ brunt show shown --har - --store $DIR/runs.db
1 "version":"1.2"

# a report, later
$ brunt report latest $DIR/b.json $DIR/b.md --store $DIR/runs.db
1 b.json
1 b.md

# names that say nothing, and runs that are not there
$ brunt report latest $DIR/b.txt --store $DIR/runs.db
? 255
2 ends in .html, .json, .junit.xml or .md
$ brunt show other --store $DIR/runs.db
? 255
2 other
$ brunt show latest --json --har - --store $DIR/runs.db
? 255
2 two things
$ brunt run $URL/get --report -
? 255
2 report

# another history
$ brunt show latest --store $DIR/none.db
? 255
2 none.db
