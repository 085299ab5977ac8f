// joined.go - joinset with goroutines, like with like: go run tests/bench/yardstick/joined.go WORKERS
//
//	group    a WaitGroup counts them down, and nothing can be asked of one of them: what the peers' program does
//	results  each hands on who it was and how it ended, and they are joined one by one as they end
//	abort    ... and each can be stopped by itself before it runs: a context of its own
//
// Prints nanoseconds a task: the least and the median of 15 runs.
package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"sort"
	"strconv"
	"sync"
	"time"
)

const tasks, sets = 1000, 200

type ended struct {
	id  int
	err error
}

func group() {
	var left sync.WaitGroup
	left.Add(tasks)
	for i := 0; i < tasks; i++ {
		go func() { left.Done() }()
	}
	left.Wait()
}

func results() {
	joined := make(chan ended, tasks)
	for i := 0; i < tasks; i++ {
		go func(id int) { joined <- ended{id: id} }(i)
	}
	for i := 0; i < tasks; i++ {
		if (<-joined).err != nil {
			panic("a task failed")
		}
	}
}

func abort() {
	joined := make(chan ended, tasks)
	stops := make([]context.CancelFunc, tasks)
	for i := 0; i < tasks; i++ {
		stop, cancel := context.WithCancel(context.Background())
		stops[i] = cancel
		go func(id int) { joined <- ended{id: id, err: stop.Err()} }(i)
	}
	for i := 0; i < tasks; i++ {
		end := <-joined
		if end.err != nil {
			panic("a task failed")
		}
		stops[end.id]()
	}
}

func main() {
	workers := 1
	if len(os.Args) > 1 {
		workers, _ = strconv.Atoi(os.Args[1])
	}
	runtime.GOMAXPROCS(workers)
	for _, mode := range []struct {
		name string
		run  func()
	}{{"group", group}, {"results", results}, {"abort", abort}} {
		var times []float64
		for run := 0; run < 16; run++ {
			began := time.Now()
			for i := 0; i < sets; i++ {
				mode.run()
			}
			if run > 0 { // the first warms up
				times = append(times, float64(time.Since(began).Nanoseconds())/(sets*tasks))
			}
		}
		sort.Float64s(times)
		fmt.Printf("%-8s min %6.1f median %6.1f\n", mode.name, times[0], times[len(times)/2])
	}
}
