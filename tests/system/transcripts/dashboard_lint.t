--- good/good.json
{"title": "Good", "uid": "good", "schemaVersion": 39, "editable": false, "panels": [
 {"type": "text", "id": 1, "gridPos": {"x": 0, "y": 0, "w": 24, "h": 3}, "options": {"mode": "markdown", "content": "Hello"}}]}
---
--- mixed/first.json
{"title": "First", "uid": "first", "schemaVersion": 39, "editable": false, "templating": {"list": [
  {"type": "datasource", "name": "datasource", "query": "influxdb"}]},
 "panels": [{"type": "stat", "id": 7, "title": "Cost", "description": "All of it.", "gridPos": {"x": 0, "y": 0, "w": 6, "h": 4},
  "datasource": {"type": "influxdb", "uid": "${datasource}"}, "fieldConfig": {"defaults": {"unit": "currencyUSD"}, "overrides": []},
  "targets": [{"refId": "A", "query": "from(bucket: \"b\")\\n  |> range(start: -5m)"}]}]}
---
--- mixed/sub/second.json
{"title": "Second", "uid": "second", "schemaVersion": 39, "panels": []}
---
--- mixed/package.json
{"name": "no dashboard"}
---
--- broken/broken.json
{"title": "Broken", "panels": [}
---
--- except/first.json
{"title": "First", "uid": "first", "schemaVersion": 39, "panels": [{"type": "text", "id": 1, "gridPos": {"x": 20, "y": 0, "w": 5, "h": 3}}]}
---
--- except/.lint
# as Grafana's dashboard-linter reads it
exclusions:
  uneditable-dashboard:
    reason: people may try things
warnings:
  panel-layout:
    entries:
    - dashboard: First
---
--- wrong/.lint
exclusions: {}
---
--- wrong/a.json
{"title": "A", "panels": []}
---
# a dashboard without fault
$ brunt dashboard lint good
1 1 dashboard: 0 errors, 0 warnings

# everything below a folder; what is no dashboard is passed over
$ brunt dashboard lint mixed
? 1
1 mixed/first.json
1 error    panel 7 'Cost', query A: there is a backslash outside of a string
1 [target-flux]
1 mixed/sub/second.json
1 warning  dashboard: it can be edited in Grafana
1 2 dashboards: 1 error, 1 warning; 1 other JSON file

# warnings alone are no failure
$ brunt dashboard lint mixed/sub
1 0 errors, 1 warning

# but with --strict
$ brunt dashboard lint --strict mixed/sub
? 1

# one rule alone
$ brunt dashboard lint --rule uneditable-dashboard mixed
1 2 dashboards: 0 errors, 1 warning

# all but one
$ brunt dashboard lint --skip target-flux --skip uneditable-dashboard mixed
1 2 dashboards: 0 errors, 0 warnings

# a rule that there is not
$ brunt dashboard lint --rule target-flex mixed
? 255
2 there is no rule 'target-flex'; did you mean 'target-flux'?

# as JSON
$ brunt dashboard lint --json mixed
? 1
1 "file": "mixed/first.json"
1 "rule": "target-flux"
1 "place": "panel 7 'Cost', query A"
1 "panel": "Cost"
1 "target": 0
1~ "errors": 1

# on standard input
$ brunt dashboard lint - < mixed/sub/second.json
1 1 dashboard: 0 errors, 1 warning

# a file that is no JSON ends with 255, and says where
$ brunt dashboard lint broken good
? 255
1 it is no JSON: line 1, column
1 2 dashboards: 0 errors, 0 warnings, 1 not readable

# a file that the user names must be a dashboard
$ brunt dashboard lint mixed/package.json
? 255
1 it is JSON, but no dashboard

# nothing to look at
$ brunt dashboard lint
? 255
2 say what to look at

# nothing there
$ brunt dashboard lint nowhere
? 255
2 cannot open 'nowhere'

# exceptions beside the dashboard
$ brunt dashboard lint except
1 warning  panel 1: it reaches to column 25
1 1 dashboard: 0 errors, 1 warning, 1 excluded by .lint

# and without them
$ brunt dashboard lint --no-exceptions except
? 1
1 error    panel 1: it reaches to column 25
1 1 error, 1 warning

# exceptions that cannot be read
$ brunt dashboard lint wrong
? 255
1 wrong/.lint: line 1: of YAML, only plain and quoted values in block style are read here

# the rules
$ brunt dashboard lint --list
1 target-rate-interval-rule
1~ ^error +structure
1 warning  uneditable-dashboard

# help
$ brunt dashboard lint --help
1 brunt dashboard lint --list
1 --no-exceptions

# a folder becomes a folder of the lab
env BRUNT_LAB=$DIR/lab
$ brunt dashboard link good
1 added    good.json
1 good: 1 added, from $DIR/good
1 It lies in $DIR/lab/grafana/dashboards/custom

# where Grafana finds it
$ cat lab/grafana/dashboards/custom/good/good.json
1 "title": "Good"

# linking again changes nothing
env BRUNT_LAB=$DIR/lab
$ brunt dashboard link
1 good: 1 unchanged

# another name
$ brunt dashboard link --lab lab --name 'Of a team' good
1 Of a team: 1 added

# errors are told
$ brunt dashboard link --lab lab mixed
? 255
2 package.json is no dashboard; nothing was linked

# and broken JSON is refused
$ brunt dashboard link --lab lab broken
? 255
2 it is no JSON: line 1
2 nothing was linked

# the project's folder is the source of truth
$ rm good/good.json
$ cp mixed/first.json good/other.json
$ brunt dashboard link --lab lab good
1 warning  other.json: 1 error; `brunt dashboard lint` names them
1 added    other.json
1 removed  good.json
1 good: 1 added, 1 removed

# what was changed in the lab stays
$ cp except/first.json lab/grafana/dashboards/custom/good/other.json
$ brunt dashboard link --lab lab good
1 kept     other.json: it was changed in the lab; --force replaces it

# unless forced
$ brunt dashboard link --lab lab --force good
1 changed  other.json

# what is linked
$ brunt dashboard link --lab lab --list
1 good  1 file  current  $DIR/good
1 Of a team  1 file  differs from its source

# as JSON
$ brunt dashboard link --lab lab --list --json
1 "name": "Of a team"
1 "state": "changed"

# one is taken out
$ brunt dashboard unlink --lab lab good
1 good: 1 removed

# which one has to be said
$ brunt dashboard unlink --lab lab
? 255
2 say what to unlink

# one that is not there
$ brunt dashboard unlink --lab lab good
? 255
2 'good' is not linked

# all
$ brunt dashboard unlink --lab lab --all
1 Of a team: 1 removed

# and nothing of them is left
$ find lab -type f
1! a
$ brunt dashboard link --lab lab --list
1 nothing is linked
