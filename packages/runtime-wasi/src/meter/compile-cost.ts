/** What the engine's baseline compiler does with one value of the frame, in units of some 10 ns, by why it looks at it. */
const perValue = {
  /** A block is opened or ends: its values are written down. */
  block: 2,
  /** A branch may put every value elsewhere. */
  branch: 8,
  /** Every value goes from its register to memory. */
  loop: 10,
  /** Each parameter and result, each field, is moved, by some 20 bytes of machine code. */
  move: 32,
} as const;
const perByte = 4;
const perBlock = 128;

/**
 * A function that costs more is refused: it takes seconds, in which nothing interrupts its thread, and beyond some
 * times that, 512 MiB of machine code, V8 aborts the process.
 */
export const mostCompileCost: number = 200_000_000;
/** Functions beyond {@link longCompileCost} may cost so much together: their code stays in memory. */
export const mostCompileCosts: number = 400_000_000;
/** A function that costs more holds up its thread for many milliseconds when it is called for the first time. */
export const longCompileCost: number = 2_000_000;

/**
 * How often locals may be set in loops, in a loop within a loop twice: the optimizing compiler makes a value of its own for
 * each local of each loop, of 200 bytes. A thousand nested loops around 20,000 of them took 3.6 GB.
 */
export const mostLoopValues: number = 2_000_000;

/**
 * Estimates what it costs to compile one function. The compiler goes over the code once, but looks at all locals and
 * operands wherever control may come together: a few kilobytes of blocks and 50,000 locals take it minutes.
 */
export class CompileCost {
  /** Values on the operand stack; never fewer than there are. */
  height = 0;
  cost = 0;
  /** See {@link mostLoopValues}. */
  loopValues = 0;
  readonly #locals: number;
  readonly #heights: number[] = [0];
  readonly #results: number[] = [0];
  readonly #areLoops: boolean[] = [false];
  #loops = 0;

  constructor(locals: number) {
    this.#locals = locals;
  }

  /** A block, loop, if or try with so many parameters and results; the condition is off the stack. */
  open(isLoop: boolean, params: number, results: number): void {
    this.cost += perBlock + this.#values * (isLoop ? perValue.loop : perValue.block);
    this.#heights.push(Math.max(this.height - params, this.#base));
    this.#results.push(results);
    this.#areLoops.push(isLoop);
    if (isLoop) this.#loops++;
  }

  /** The next arm, which begins with so many values more than there were outside. */
  otherwise(values: number): void {
    this.cost += this.#values * perValue.branch;
    this.height = this.#base + values;
  }

  close(): void {
    this.cost += this.#values * perValue.block;
    this.height = (this.#heights.pop() ?? 0) + (this.#results.pop() ?? 0);
    if (this.#areLoops.pop() === true) this.#loops--;
  }

  /** A local is set. */
  assign(): void {
    this.loopValues += this.#loops;
  }

  /** A branch to one of so many labels. */
  branch(labels: number): void {
    this.cost += this.#values * perValue.branch * Math.min(labels, this.#heights.length);
  }

  /** So many values are moved: an instruction takes `taken` and gives `given`. */
  move(taken: number, given: number): void {
    this.cost += (taken + given) * perValue.move;
    this.height += given - taken;
  }

  /** So many values are copied without being taken. */
  copy(values: number): void {
    this.cost += values * perValue.move;
  }

  /** The end of the function, of so many bytes. */
  end(bytes: number): number {
    return this.cost + bytes * perByte;
  }

  get #base(): number {
    return this.#heights.at(-1) ?? 0;
  }

  /** Code that is never reached may take what is not there. */
  get #values(): number {
    this.height = Math.max(this.height, this.#base);
    return this.#locals + this.height;
  }
}
