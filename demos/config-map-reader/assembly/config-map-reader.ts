// Reads its configuration both ways: from the environment and from the files of a ConfigMap and a Secret.
import { lastFailure, readText } from "../../shared/assembly/file";

function variable(name: string): void {
  console.log(name + "=" + (process.env.has(name) ? process.env.get(name) : "(not set)"));
}

function file(path: string): bool {
  const text = readText(path);
  if (text === null) {
    process.stderr.write(path + ": " + lastFailure() + "\n");
    return false;
  }
  console.log(path + ": " + text.trimEnd());
  return true;
}

variable("POD_NAME");
variable("COLOUR");
variable("SENTENCE");
variable("APP_shape");

let complete = true;
for (let i = 1; i < process.argv.length; i++) complete = file(process.argv[i]) && complete;
process.exit(complete ? 0 : 1);
