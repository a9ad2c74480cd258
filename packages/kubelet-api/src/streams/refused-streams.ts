import type { Route } from "../http/route.ts";

/** What kubectl shows of each: it comes behind "unable to upgrade connection: ". */
const REFUSALS: Readonly<Record<string, string>> = {
  exec: "this node does not support exec (nor cp): a WebAssembly container runs one module and no other programs",
  run: "this node does not support run: a WebAssembly container runs one module and no other programs",
  attach: "this node does not support attach; kubectl logs -f shows what a container writes",
  portForward: "this node does not support port-forward",
};

/**
 * `/exec`, `/attach`, `/portForward` and `/run`: 501 with a sentence. Without them kubectl would say no more than
 * "404 page not found".
 */
export function refusedStreamRoutes(): readonly Route[] {
  return Object.entries(REFUSALS).flatMap(([name, sentence]) => {
    const pod = [name, ":namespace", ":pod"];
    const paths =
      name === "portForward"
        ? [pod, [...pod, ":uid"]]
        : [
            [...pod, ":container"],
            [...pod, ":uid", ":container"],
          ];
    return paths.map((path) => ({
      methods: ["GET", "POST"],
      path,
      serve: async () => ({ status: 501, text: `${sentence}\n` }),
    }));
  });
}
