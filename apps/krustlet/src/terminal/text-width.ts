const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\ufe0f/u;
const INVISIBLE = /^[\p{Mn}\p{Me}\p{Cf}]*$/u;
const GRAPHEMES = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Columns that a text without control characters takes on a terminal: letters of East Asia and emoji take two. */
export function textWidth(text: string): number {
  // oxlint-disable-next-line no-control-regex -- ASCII, which nearly all of it is
  if (/^[\u0000-\u007f]*$/u.test(text)) return text.length;
  let width = 0;
  for (const { segment } of GRAPHEMES.segment(text)) {
    if (!INVISIBLE.test(segment)) width += WIDE.test(segment) ? 2 : 1;
  }
  return width;
}
