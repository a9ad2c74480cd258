// Writes postcards into a directory that another container reads, one after the other.
import { lastFailure, sleep, writeText } from "../../shared/assembly/file";

const places = ["Lisbon", "Trieste", "Tromsø"];

for (let i = 0; i < places.length; i++) {
  const path = "/post/" + (i + 1).toString() + ".txt";
  if (!writeText(path, "Greetings from " + places[i] + "!\n")) {
    process.stderr.write("cannot write " + path + ": " + lastFailure() + "\n");
    process.exit(1);
  }
  console.log("posted " + path);
  sleep(300);
}
// Says that there will be no more of them.
writeText("/post/done", "");
