"""The texts of --help of jobs that teach by example."""

BATCH = """\
INPUT is uploaded, answered by the server as a job, and the results are fetched: every row of the input once, in
its order, with its own columns, its number and the result columns. A bad row is marked and stops no other. CSV,
NDJSON and Parquet are read, CSV and NDJSON also with .gz or .zst; PATH says what is written: .csv, .ndjson,
.parquet, .geoparquet, the first two also with .gz or .zst.

Nothing is lost when the connection breaks or the server restarts: all steps go on where they were. ^C leaves the
job running and says how to come back to it, and how to stop it.

exit codes:
  0    every row is matched or unmatched; --detach, --dry-run: the job was taken, or would be
  2    wrong usage, or something that the server does not accept
  3    no server answers
  4    any other error
  5    finished, and some rows are invalid or failed: see the report, or the column waypost_reason
  6    the job failed or was cancelled; what it had done can be read with "waypost jobs results"
  7    the job has paused for a reason that needs a decision: "waypost jobs resume" or "cancel"
  130  stopped by ^C; the job goes on

examples:
  waypost batch addresses.csv -o out.parquet
  waypost batch customers.csv.gz -o out.csv --column query=anschrift --region DE,AT
  waypost batch shops.ndjson -o shops.parquet --column locality=city --column region_code=country
  waypost batch gps.parquet -o named.geoparquet --operation reverse --columns formatted_address,country_code
  waypost batch addresses.csv --dry-run                 columns, match rate and time, without a job
  waypost batch huge.csv.zst -o out.parquet --detach    operations/… to watch and fetch later
  waypost batch addresses.csv -o again.csv --rows not-matched --json
"""

JOBS = """\
A JOB is named by its id, "jobs/{job}" or "operations/{job}".

examples:
  waypost jobs list --state running
  waypost jobs watch 4f1c…
  waypost jobs results 4f1c… -o out.parquet
  waypost jobs cancel 4f1c… 77ab…
"""

LIST = """\
examples:
  waypost jobs list
  waypost jobs list --state running --state paused
  waypost jobs list --label team=maps --json
  waypost jobs list --filter 'create_time >= "2026-11-01T00:00:00Z" AND NOT state = SUCCEEDED'
"""

WATCH = """\
On a terminal one line that moves; otherwise a line for each event, with --json as one JSON object, until the
job ends or pauses for a reason that needs a decision. A broken connection is taken up where it was. The exit
codes are those of "waypost batch".

examples:
  waypost jobs watch 4f1c…
  waypost jobs watch 4f1c… --json --after 0 > events.jsonl
"""

RESULTS = """\
With -o the final files of a finished job are fetched and their SHA-256 compared; what an earlier try has fetched
is not fetched again. Without it the rows come to standard output, one JSON object a line, as far as they are
done; they need not all be.

examples:
  waypost jobs results 4f1c… -o out.parquet --report report.json
  waypost jobs results 4f1c… -o folder/
  waypost jobs results 4f1c… --follow | jq .waypost_place_id
"""
