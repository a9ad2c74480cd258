import { CONTAINER_EDGES } from "./container-graph.ts";
import { POD_EDGES } from "./pod-graph.ts";

/** Both graphs as Mermaid state diagrams, made from the very tables that the types are made of. */
export function diagramOf(): { readonly pod: string; readonly container: string } {
  return { pod: mermaidOf(POD_EDGES), container: mermaidOf(CONTAINER_EDGES) };
}

function mermaidOf(edges: Readonly<Record<string, readonly string[]>>): string {
  const names = Object.keys(edges);
  const lines = names.flatMap((from) => {
    const targets = edges[from] ?? [];
    return targets.length === 0 ? [`${from} --> [*]`] : targets.map((target) => `${from} --> ${target}`);
  });
  return ["stateDiagram-v2", `[*] --> ${names[0] ?? "[*]"}`, ...lines].join("\n    ");
}
