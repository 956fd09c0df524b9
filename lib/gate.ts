/** Lets a limited number of jobs run at a time; the others wait in the order in which they came. */
export class Gate {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  /** @param limit jobs at a time, from 1. */
  constructor(private readonly limit: number) {}

  async run<Result>(job: () => Promise<Result>): Promise<Result> {
    if (this.running >= this.limit) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.running++;
    try {
      return await job();
    } finally {
      // The place goes from hand to hand: nobody can slip in between.
      const next = this.waiting.shift();
      if (next) next();
      else this.running--;
    }
  }
}
