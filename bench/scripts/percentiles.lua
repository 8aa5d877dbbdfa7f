-- For wrk and wrk2: the percentiles that bench/omission.py reads, in microseconds.
function done(summary, latency, requests)
  io.write(string.format("percentiles %d %d %d %d %d max %d requests %d\n", latency:percentile(50),
    latency:percentile(90), latency:percentile(95), latency:percentile(99), latency:percentile(99.9), latency.max,
    summary.requests))
end
