import { InFlightWindow } from './in-flight-window.ts';

/** The in-flight window of each broker, by address. */
export class InFlightWindows {
  readonly #windows = new Map<string, InFlightWindow>();

  /** The window of a broker, made at its first use. */
  of(addr: string): InFlightWindow {
    let window = this.#windows.get(addr);
    if (window === undefined) {
      window = new InFlightWindow();
      this.#windows.set(addr, window);
    }
    return window;
  }

  /** Forgets a broker that is not used any more. */
  delete(addr: string): void {
    this.#windows.delete(addr);
  }
}
