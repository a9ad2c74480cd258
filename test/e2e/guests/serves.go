// A web server on the socket that it is given, as Go's programs have it: several connections at once, and a clock beside them.
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"time"
)

func main() {
	listener, err := net.FileListener(os.NewFile(3, ""))
	if err != nil {
		panic(err)
	}
	fmt.Println("serving")
	done := make(chan bool)
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/stop" {
			time.AfterFunc(time.Millisecond, func() { close(done) })
		}
		fmt.Fprintf(w, "Go answers %s\n", r.URL.Path)
	})
	go http.Serve(listener, nil)
	<-done
}
