const FARTHEST = 3;
/** Letters from which a part of a name says which one is meant. */
const SHORTEST_PART = 3;

/** ` (did you mean "args"?)`, or nothing where no candidate is near enough to `word`. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  if (word.length > 60) return "";
  const all = [...candidates];
  const best = nearestTo(word, all) ?? onlyOneWith(word, all);
  return best === undefined ? "" : ` (did you mean "${best}"?)`;
}

/** `secretName` for `name`, or for `theSecretName`, unless several have it in common with the word. */
function onlyOneWith(word: string, candidates: readonly string[]): string | undefined {
  const lower = word.toLowerCase();
  const [only, ...others] = candidates.filter((candidate) => {
    const other = candidate.toLowerCase();
    const shorter = Math.min(lower.length, other.length);
    return shorter >= SHORTEST_PART && (other.includes(lower) || lower.includes(other));
  });
  return others.length === 0 ? only : undefined;
}

function nearestTo(word: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.min(FARTHEST, Math.floor(word.length / 2)) + 1;
  const lower = word.toLowerCase();
  for (const candidate of candidates) {
    const distance = editDistance(lower, candidate.toLowerCase());
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

/** Insertions, deletions, replacements and swaps of neighbours that make `b` of `a`. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        cost = Math.min(cost, (beforeLast[column - 2] ?? 0) + 1);
      }
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length] ?? 0;
}
