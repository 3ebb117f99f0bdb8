// Nanoseconds per next time of robfig/cron, for bench/cron.ts: one JSON object, by expression.
package main

import (
	"encoding/json"
	"os"
	"time"

	"github.com/robfig/cron/v3"
)

func main() {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).In(zone)
	until := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	nanoseconds := map[string]float64{}
	for _, expression := range os.Args[1:] {
		schedule, err := cron.ParseStandard(expression)
		if err != nil {
			panic(err)
		}
		best := 0.0
		for round := 0; round < 5; round++ {
			calls := 0
			start := time.Now()
			for calls < 100_000 {
				for at := schedule.Next(from); at.Before(until); at = schedule.Next(at) {
					calls++
				}
				calls++
			}
			took := float64(time.Since(start).Nanoseconds()) / float64(calls)
			if best == 0 || took < best {
				best = took
			}
		}
		nanoseconds[expression] = best
	}
	if err := json.NewEncoder(os.Stdout).Encode(nanoseconds); err != nil {
		panic(err)
	}
}
