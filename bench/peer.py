"""wasmtime, in a process of its own: one JSON request a line on the standard input, one answer a line on the output.

{"load": path, "epoch": bool} -> {"id": n}        compiles
{"run": n, "args": [...]}     -> {"stdout": text, "stderr": text}
"""
import json
import os
import sys
import tempfile
import threading

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
        files = {"stdout": tempfile.mktemp(), "stderr": tempfile.mktemp()}
        wasi = wasmtime.WasiConfig()
        wasi.argv = ["main"] + args
        wasi.stdout_file = files["stdout"]
        wasi.stderr_file = files["stderr"]
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
        try:
            start(store)
        except wasmtime.ExitTrap as exit_trap:
            if exit_trap.code != 0:
                raise
        running.set()
        if self.epoch:
            ticker.join()
        del store
        said = {}
        for name, path in files.items():
            with open(path, encoding="utf8") as file:
                said[name] = file.read()
            os.unlink(path)
        return said


programs = []
for line in sys.stdin:
    request = json.loads(line)
    if "load" in request:
        programs.append(Program(request["load"], request["epoch"]))
        answer = {"id": len(programs) - 1}
    else:
        answer = programs[request["run"]].run(request["args"])
    print(json.dumps(answer), flush=True)
