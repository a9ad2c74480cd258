import { plainText } from "./plain-text.ts";
import { textWidth } from "./text-width.ts";

/**
 * Rows in columns, two spaces apart; the last column is as wide as it likes. What is in a cell may be anybody's: nothing of
 * it moves the terminal's cursor.
 */
export function tableOf(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map((cell) => ({ text: plainText(cell), width: 0 })));
  const widths: number[] = [];
  for (const row of cells) {
    for (const [column, cell] of row.entries()) {
      cell.width = textWidth(cell.text);
      widths[column] = Math.max(widths[column] ?? 0, cell.width);
    }
  }
  return cells
    .map((row) =>
      row.map(({ text, width }, column) => text + " ".repeat((widths[column] ?? 0) - width)).join("  "),
    )
    .map((line) => `${line.trimEnd()}\n`)
    .join("");
}
