// Works until it is asked to stop, then finishes what it had begun.
package main

import (
	"bufio"
	"fmt"
	"os"
	"time"
)

// stopRequests is closed when the host asks this program to stop. WASI has no signals: a program that opens this file
// is sent the line TERM, and then has its grace period; a program that never opens it is ended at once.
func stopRequests() (<-chan struct{}, error) {
	file, err := os.Open("/run/krustlet/signals")
	if err != nil {
		return nil, err
	}
	stop := make(chan struct{})
	go func() {
		defer close(stop)
		defer file.Close()
		line, err := bufio.NewReader(file).ReadString('\n')
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return
		}
		fmt.Print("received ", line)
	}()
	return stop, nil
}

func main() {
	stop, err := stopRequests()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("working")
	pieces := 0
	for done := false; !done; {
		select {
		case <-stop:
			done = true
		case <-time.After(100 * time.Millisecond):
			pieces++
		}
	}
	if pieces == 0 {
		fmt.Fprintln(os.Stderr, "stopped before anything was done")
	}
	time.Sleep(200 * time.Millisecond)
	fmt.Println("everything is put away")
}
