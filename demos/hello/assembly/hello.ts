// What a container is given: arguments, environment, standard input and files.
import { readInput, readText } from "../../shared/assembly/file";

console.log("Hello from AssemblyScript!");

const args = process.argv;
for (let i = 1; i < args.length; i++) console.log("argument " + i.toString() + ": " + args[i]);

const names = process.env.keys();
for (let i = 0; i < names.length; i++) {
  if (names[i].startsWith("HELLO_")) console.log(names[i] + "=" + process.env.get(names[i]));
}

const input = readInput();
if (input.length > 0) console.log("standard input: " + input.trimEnd());

function printFile(path: string): void {
  const text = readText(path);
  if (text !== null) console.log(path + ": " + text.trimEnd());
}
printFile("/etc/hello/greeting.txt");

process.stderr.write("and this line is on the error stream\n");
