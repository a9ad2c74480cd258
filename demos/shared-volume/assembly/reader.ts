// Reads the postcards that another container writes, each as soon as it is there and complete.
import { exists, readText, sleep } from "../../shared/assembly/file";

function readAll(): i32 {
  let next = 1;
  while (true) {
    // Looked at before the card: whoever sees it has every card that will ever come.
    const last = exists("/post/done");
    const card = readText("/post/" + next.toString() + ".txt");
    if (card !== null && card.endsWith("\n")) {
      console.log("received: " + card.trimEnd());
      next++;
    } else if (last) {
      break;
    } else {
      sleep(20);
    }
  }
  return next - 1;
}

console.log("no more post, " + readAll().toString() + " cards");
