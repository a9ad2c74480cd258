// Fails until its n-th attempt (the first argument), and remembers in a volume how often it was started.
import { readText, writeText } from "../../shared/assembly/file";

function attemptsBefore(): i32 {
  const text = readText("/state/attempts");
  return text === null ? 0 : <i32>parseInt(text);
}

const wanted = <i32>parseInt(process.argv.length > 1 ? process.argv[1] : "3");
const attempt = attemptsBefore() + 1;
writeText("/state/attempts", attempt.toString());

if (attempt < wanted) {
  process.stderr.write("attempt " + attempt.toString() + " of " + wanted.toString() + " fails\n");
  process.exit(1);
}
console.log("attempt " + attempt.toString() + " succeeds");
