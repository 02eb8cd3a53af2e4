/**
 * Sets Rerun's time and tells its echo from the user's own scrubbing. Rerun takes a seek in only once it has data, and
 * while data streams in it may follow the newest frame by itself: so a seek is repeated until Rerun reports its time,
 * and a time that nobody's hand in Rerun explains is answered by seeking again.
 */

/** Doubled with every try: each makes Rerun paint, and a slow machine must not drown in that. */
const FIRST_RETRY_MS = 1_500;
const MOST_TRIES = 6;
/** A report this soon after the hand left still comes from it. */
const HAND_LINGERS_MS = 1_000;

export class Seeker {
  private wanted: number | null = null;
  private reported: number | null = null;
  private tries = 0;
  private timer = 0;
  private handUntil = 0;
  private waiting: (() => void)[] = [];

  constructor(private readonly send: (frame: number) => void) {}

  seek(frame: number): void {
    this.wanted = frame;
    this.tries = 0;
    this.attempt();
  }

  /** Resolves when Rerun is at the wanted time, or has been asked in vain for long. */
  settled(): Promise<void> {
    return this.isSettled() ? Promise.resolve() : new Promise((resolve) => this.waiting.push(resolve));
  }

  /** The user presses, or lets go of, something inside Rerun. */
  touch(pressed: boolean): void {
    this.handUntil = pressed ? Infinity : performance.now() + HAND_LINGERS_MS;
  }

  /** Rerun's time, as it reports it. True if the user's hand has moved it. */
  report(time: number): boolean {
    this.reported = time;
    if (this.isSettled()) this.settle();
    else if (performance.now() < this.handUntil) return true;
    else this.attempt();
    return false;
  }

  private isSettled(): boolean {
    return this.wanted === null || this.reported === this.wanted;
  }

  private attempt(): void {
    clearTimeout(this.timer);
    if (this.wanted === null || this.tries >= MOST_TRIES) return this.settle();
    this.tries += 1;
    if (this.reported !== null || this.tries > 1) this.send(this.wanted);
    if (this.isSettled()) this.settle();
    else this.timer = window.setTimeout(() => this.attempt(), FIRST_RETRY_MS * 2 ** (this.tries - 1));
  }

  private settle(): void {
    clearTimeout(this.timer);
    for (const resume of this.waiting.splice(0)) resume();
  }
}
