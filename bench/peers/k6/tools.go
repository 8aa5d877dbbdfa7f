//go:build tools

// Package tools pins the k6 release that the benchmarks and the script corpus compare with:
//
//	go build -o ../../../build/peers/k6 go.k6.io/k6/v2
package tools

import _ "go.k6.io/k6/v2"
