"""The texts of --help that teach by example."""

OVERVIEW = """\
examples:
  waypost serve                                  build the gazetteer if there is none, and serve
  waypost data add berlin-latest.osm.pbf         streets and house numbers of an OpenStreetMap extract
  waypost geocode "Springfield, IL"              a table for people
  waypost geocode --json 東京都新宿区            one JSON object for programs
  waypost reverse -33.87 151.21                  what is at this point
  waypost place gn-2950159                       one place by its id
  waypost geocode --json < queries.txt           a line in, a line out, in order, any number of them
  waypost batch addresses.csv -o out.parquet     a file of millions of rows, as a job that survives breaks
  waypost jobs list                              the jobs of the server

exit codes:
  0    found; with many lines: every line found
  1    nothing found, or an unknown id; with many lines: at least one line not found or not usable
  2    wrong usage, or an argument that the server does not accept
  3    no server answers, it is not ready, or it did not answer in time
  4    any other error
  5–7  of jobs, see "waypost batch --help"
  130, 141   stopped by ^C, or by a closed pipe

environment:
  WAYPOST_SERVER     as --server
  WAYPOST_TIMEOUT    as --timeout
"""

GEOCODE = """\
Many words are one query; quotes are only needed for what the shell would change.

With "-", or without a query when standard input is not a terminal, every line is a query. Answers come one a
line, in the order of the input, and a bad line stops no other. Without --json the columns are line, input,
status (found, not found, invalid, failed), place or what is wrong, kind, latitude, longitude, confidence and
id, with tabs between them where the output is no terminal.

examples:
  waypost geocode 10115 Berlin
  waypost geocode Paris --focus 33.66,-95.56             among equals prefer what is near
  waypost geocode Springfield --region US --type locality --max-results 10
  waypost geocode --locality Praha --postal-code "110 00" --region-code CZ
  waypost geocode Sprngfield --explain                   every candidate with every term of its score
  waypost geocode --json - < queries.txt > answers.jsonl
"""

REVERSE = """\
Latitude first. Negative numbers need nothing around them.

With "-", or without a point when standard input is not a terminal, every line is a point: two numbers with a
space, tab or comma between them. The output is as of "waypost geocode".

examples:
  waypost reverse 48.2083 16.3731
  waypost reverse -33.87,151.21 --type country
  waypost reverse --json < points.txt
"""

PLACE = """\
Ids come from results; "places/" before one is accepted.

With "-", or without an id when standard input is not a terminal, every line is an id. The output is as of
"waypost geocode".

examples:
  waypost place gn-2950159
  waypost place places/gn-2950159 --language de --json
"""
