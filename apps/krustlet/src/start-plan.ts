/** Whether a command line will run guests of the runtime `wasi`, or is not worth a longer look. */
export function needsGuestThread(args: readonly string[]): boolean {
  return args[0] === "run" && !args.includes("--runtime") && !args.includes("--help");
}

/** What a command line is for, as far as other code runs for it: names the compiled code that is kept. */
export function purposeOf([command = "none", ...rest]: readonly string[]): string {
  if (!/^[a-z]{1,16}$/u.test(command)) return "none";
  return command === "run" && rest.some((each) => each.endsWith(".wasm")) ? "run-module" : command;
}
