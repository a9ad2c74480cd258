module example.com/graceful-stop

go 1.21
