// The check of the chart's Grafana dashboard.
module datamover.io/dev/grafana

go 1.26.0

require github.com/grafana/grafana-foundation-sdk/go v0.0.22
