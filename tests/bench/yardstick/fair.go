// fair.go - bench_mutex.c with goroutines and sync.Mutex: go run tests/bench/yardstick/fair.go
package main

import (
	"fmt"
	"runtime"
	"sort"
	"sync"
	"time"
)

func measure(workers int, yields bool) {
	const tasks = 64
	runtime.GOMAXPROCS(workers)
	var mutex sync.Mutex
	var group sync.WaitGroup
	turns := make([]int, tasks)
	waits := make([]time.Duration, 0, 1<<22)
	start := time.Now()
	for i := 0; i < tasks; i++ {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			for {
				began := time.Since(start)
				if began > time.Second {
					return
				}
				mutex.Lock()
				got := time.Since(start)
				if len(waits) < cap(waits) {
					waits = append(waits, got-began)
				}
				turns[i]++
				for time.Since(start)-got < 300 {
				}
				if yields {
					runtime.Gosched()
				}
				mutex.Unlock()
			}
		}(i)
	}
	group.Wait()
	sort.Ints(turns)
	sort.Slice(waits, func(a, b int) bool { return waits[a] < waits[b] })
	name := ""
	if yields {
		name = " yields"
	}
	n := len(waits)
	fmt.Printf("go %dw%s: turns %d %d %d; waits us p99.9 %d, max %d\n", workers, name, turns[0], turns[tasks/2],
		turns[tasks-1], waits[n-1-n/1000].Microseconds(), waits[n-1].Microseconds())
}

func main() {
	for workers := 1; workers <= 2; workers++ {
		measure(workers, false)
		measure(workers, true)
	}
}
