/** The times of glog's lines: `I0210 13:39:22.381027 25210 solver.cpp:204] …`, in newer versions with the year: `I20260210 …`. */

const TIME = /^\s*[IWEF](\d{4})?(\d\d)(\d\d) (\d+):(\d+):(\d+)\.(\d+)/;

export class LogClock {
  private first: number | undefined;
  private month = 0;

  /** @param year of the first line, where lines do not name it. */
  constructor(private year: number) {}

  /** Whether any line had a time. */
  get started(): boolean {
    return this.first !== undefined;
  }

  /** Seconds since the first line that was asked about; undefined for a line without a time. */
  secondsAt(line: string): number | undefined {
    const match = TIME.exec(line);
    if (!match) return undefined;
    const [, year, month, day, hours, minutes, seconds, microseconds = ''] = match;
    if (Number(month) < this.month) this.year++; // a log that goes on after New Year
    this.month = Number(month);
    const days = Date.UTC(Number(year ?? this.year), this.month - 1, Number(day)) / 86_400_000;
    // In whole microseconds, which a double holds exactly for the next centuries.
    const time = ((days * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds);
    const now = time * 1e6 + Number(microseconds.padEnd(6, '0').slice(0, 6));
    this.first ??= now;
    return (now - this.first) / 1e6;
  }
}
