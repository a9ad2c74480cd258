// What a container is given: arguments, environment, standard input and files.
package main

import (
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	fmt.Println("Hello from Go!")
	for i, argument := range os.Args[1:] {
		fmt.Printf("argument %d: %s\n", i+1, argument)
	}
	for _, entry := range os.Environ() {
		if strings.HasPrefix(entry, "HELLO_") {
			fmt.Println(entry)
		}
	}
	if input, err := io.ReadAll(os.Stdin); err == nil && len(input) > 0 {
		fmt.Printf("standard input: %s\n", strings.TrimSpace(string(input)))
	}
	if greeting, err := os.ReadFile("/etc/hello/greeting.txt"); err == nil {
		fmt.Printf("/etc/hello/greeting.txt: %s\n", strings.TrimSpace(string(greeting)))
	}
	fmt.Fprintln(os.Stderr, "and this line is on the error stream")
}
