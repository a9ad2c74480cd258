// One step of a chain: `step <name>` appends its name to /chain/steps.txt, `step` alone prints the file.
import { lastFailure, readText, writeText } from "../../shared/assembly/file";

const FILE = "/chain/steps.txt";

function append(name: string): void {
  if (!writeText(FILE, name + "\n", true)) {
    process.stderr.write("cannot write " + FILE + ": " + lastFailure() + "\n");
    process.exit(1);
  }
  console.log(name + " is done");
}

function print(): void {
  const steps = readText(FILE);
  console.log("before me came: " + (steps === null ? "nobody" : steps.trimEnd().replaceAll("\n", ", ")));
}

if (process.argv.length > 1) append(process.argv[1]);
else print();
