// dashboard-check reads a Grafana dashboard as JSON from standard input, strictly by Grafana's schema, and says what does
// not fit: fields that are unknown, missing or of another type.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

func main() {
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		fail(err.Error())
	}
	plugins.RegisterDefaultPlugins()
	read := dashboard.Dashboard{}
	for _, check := range []func() error{func() error { return read.UnmarshalJSONStrict(text) }, read.Validate} {
		// The library's answer to what fits may be a list without errors.
		if err := check(); err != nil && err.Error() != "" {
			fail(err.Error())
		}
	}
}

func fail(why string) {
	fmt.Fprintln(os.Stderr, why)
	os.Exit(1)
}
