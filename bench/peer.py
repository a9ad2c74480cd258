"""wasmtime, in a process of its own: one JSON request a line on the standard input, one answer a line on the output.

{"load": path, "epoch": bool} -> {"id": n}        compiles
{"run": n, "args": [...]}     -> {"ms": t, "output": text}   t is the time of the call of _start alone
"""
import json
import os
import sys
import tempfile
import threading
import time

import wasmtime


class Program:
    def __init__(self, path, epoch):
        config = wasmtime.Config()
        config.cranelift_opt_level = "speed"
        config.epoch_interruption = epoch
        self.epoch = epoch
        self.engine = wasmtime.Engine(config)
        self.module = wasmtime.Module.from_file(self.engine, path)
        self.linker = wasmtime.Linker(self.engine)
        self.linker.define_wasi()

    def run(self, args):
        out = tempfile.mktemp()
        wasi = wasmtime.WasiConfig()
        wasi.argv = ["main"] + args
        wasi.stdout_file = out
        store = wasmtime.Store(self.engine)
        store.set_wasi(wasi)
        running = threading.Event()
        if self.epoch:
            store.set_epoch_deadline(1 << 40)

            def tick():
                while not running.wait(0.001):
                    self.engine.increment_epoch()

            ticker = threading.Thread(target=tick)
            ticker.start()
        start = self.linker.instantiate(store, self.module).exports(store)["_start"]
        begun = time.perf_counter()
        try:
            start(store)
        except wasmtime.ExitTrap as exit_trap:
            if exit_trap.code != 0:
                raise
        ms = (time.perf_counter() - begun) * 1e3
        running.set()
        if self.epoch:
            ticker.join()
        del store
        with open(out, encoding="utf8") as file:
            output = file.read()
        os.unlink(out)
        return {"ms": ms, "output": output}


programs = []
for line in sys.stdin:
    request = json.loads(line)
    if "load" in request:
        programs.append(Program(request["load"], request["epoch"]))
        answer = {"id": len(programs) - 1}
    else:
        answer = programs[request["run"]].run(request["args"])
    print(json.dumps(answer), flush=True)
