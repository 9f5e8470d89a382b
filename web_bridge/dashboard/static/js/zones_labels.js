// Names over the picture: each where it covers no other; where there is no room for it, its number.

const WEIGHT = "700";
const FONT = "sans-serif";
const LINE = 1.25;
const MARGIN = 3;
const pen = document.createElement("canvas").getContext("2d");

/** Places labels one after the other within a picture; sizes are px of the picture. */
export class Labels {
  constructor(width, height) {
    Object.assign(this, { width, height, taken: [] });
  }

  /**
   * Find room for the first of some texts that has any.
   * @param words from the longest to the shortest; the last is shown in any case.
   * @param box left, top and right within which it should be, and `bottom`: as far down as it may go.
   */
  place(words, size, { left, top, right, bottom }) {
    const line = LINE * size;
    for (const text of words) {
      const wide = widthOf(text, size);
      if (wide + MARGIN > right - left && text !== words.at(-1)) continue;
      const x = Math.max(0, Math.min(left + MARGIN, this.width - wide));
      for (let y = top; y + line <= bottom + 0.5; y += line / 2) {
        const found = { left: x, top: y, right: x + wide, bottom: y + line };
        if (this.isFree(found)) return this.take(text, found, size);
      }
    }
    const text = words.at(-1);
    const x = Math.max(0, Math.min(left + MARGIN, this.width - widthOf(text, size)));
    const y = Math.min(Math.max(0, top), this.height - line);
    return this.take(text, { left: x, top: y, right: x + widthOf(text, size), bottom: y + line }, size);
  }

  isFree(box) {
    return !this.taken.some((one) => box.left < one.right && one.left < box.right && box.top < one.bottom && one.top < box.bottom);
  }

  /** The text with the place of its baseline. */
  take(text, box, size) {
    this.taken.push(box);
    return { text, x: box.left, y: box.top + size };
  }
}

function widthOf(text, size) {
  pen.font = `${WEIGHT} ${size}px ${FONT}`;
  return pen.measureText(text).width;
}
