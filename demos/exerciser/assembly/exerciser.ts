// Does what its arguments say, one after the other, so that a test can write any scenario as a Pod's `args`.
// The language is in the README.
import {
  exists,
  lastFailure,
  readInput,
  readText,
  remove,
  sleep,
  writeText,
} from "../../shared/assembly/file";

const variables = new Map<string, string>();

function fail(sentence: string): void {
  process.stderr.write("ERR: " + sentence + "\n");
  process.exit(1);
}

/** What stands between the brackets that follow `word` in `command`; fails where it is not there. */
function operand(command: string, word: string): string {
  const opening = command.indexOf(word + "(");
  if (opening < 0) {
    fail("cannot understand " + command);
    return "";
  }
  const start = opening + word.length + 1;
  // The last bracket of all for the last operand, so that values may hold brackets.
  const next =
    word == "is" || word == "to" ? -1 : max(command.indexOf(")is(", start), command.indexOf(")to(", start));
  const end = next < 0 ? command.lastIndexOf(")") : next;
  if (end < start) fail("cannot understand " + command);
  return command.substring(start, end);
}

function kindOf(place: string): string {
  return place.substring(0, max(place.indexOf(":"), 0));
}

function nameOf(place: string): string {
  return place.substring(place.indexOf(":") + 1);
}

function valueOf(place: string): string {
  const kind = kindOf(place);
  const name = nameOf(place);
  if (kind == "lit") return name;
  if (kind == "env" && process.env.has(name)) return process.env.get(name);
  if (kind == "var" && variables.has(name)) return variables.get(name);
  if (kind == "stm" && name == "stdin") return readInput();
  if (kind == "file") {
    const text = readText(name);
    if (text !== null) return text;
    fail("cannot read " + place + ": " + lastFailure());
    return "";
  }
  fail("there is no " + place);
  return "";
}

function assign(place: string, value: string): void {
  const kind = kindOf(place);
  const name = nameOf(place);
  if (kind == "var") variables.set(name, value);
  else if (kind == "stm" && name == "stdout") process.stdout.write(value);
  else if (kind == "stm" && name == "stderr") process.stderr.write(value);
  else if (kind != "file") fail("cannot write to " + place);
  else if (!writeText(name, value)) fail("cannot write " + place + ": " + lastFailure());
}

function isThere(place: string): bool {
  const name = nameOf(place);
  if (kindOf(place) == "env") return process.env.has(name);
  if (kindOf(place) == "var") return variables.has(name);
  return exists(name);
}

function execute(command: string): void {
  if (command.startsWith("assert_exists(")) {
    const place = operand(command, "assert_exists");
    if (!isThere(place)) fail("there is no " + place);
  } else if (command.startsWith("assert_not_exists(")) {
    const place = operand(command, "assert_not_exists");
    if (isThere(place)) fail("there is " + place);
  } else if (command.startsWith("assert_value(")) {
    const actual = valueOf(operand(command, "assert_value"));
    const expected = valueOf(operand(command, "is"));
    if (actual != expected)
      fail(operand(command, "assert_value") + ' is "' + actual + '", not "' + expected + '"');
  } else if (command.startsWith("read(")) {
    assign(operand(command, "to"), valueOf(operand(command, "read")));
  } else if (command.startsWith("write(")) {
    assign(operand(command, "to"), valueOf(operand(command, "write")));
  } else if (command.startsWith("delete(")) {
    const name = nameOf(operand(command, "delete"));
    if (!remove(name)) fail("cannot delete file:" + name + ": " + lastFailure());
  } else if (command.startsWith("sleep(")) {
    sleep(<u64>parseInt(operand(command, "sleep")));
  } else if (command.startsWith("exit(")) {
    process.exit(<i32>parseInt(operand(command, "exit")));
  } else if (command == "trap()") {
    unreachable();
  } else if (command == "spin()") {
    for (let turn: u64 = 0; turn <= u64.MAX_VALUE; turn++) turn = 0;
  } else {
    fail("cannot understand " + command);
  }
}

for (let i = 1; i < process.argv.length; i++) execute(process.argv[i]);
