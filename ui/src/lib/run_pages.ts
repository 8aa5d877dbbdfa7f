// A list of any length over /api/runs: pages are asked for when a row of theirs is to be seen.
import type { RunInfo, RunList, RunState } from "./doc";
import type { RunQuery } from "./api";

export const PAGE = 100; // runs an answer
const ALL_MAX = 5000; // runs that are read for a filter that the server does not have

export interface ListFilter extends RunQuery {
  state?: RunState | "";
}

type Ask = (query: RunQuery) => Promise<RunList>;

export class RunPages {
  total: number | null = null; // null: not known yet
  error: unknown = null;

  private rows: (RunInfo | undefined)[] = [];
  private asked = new Set<number>();
  private over = false;

  constructor(
    private ask: Ask,
    private filter: ListFilter,
    private changed: () => void,
  ) {}

  /** Asks for the beginning; with a filter of ours for everything. */
  start(): void {
    void (this.filter.state ? this.readAll() : this.page(0));
  }

  /** Answers that come after this are dropped. */
  stop(): void {
    this.over = true;
  }

  at(index: number): RunInfo | undefined {
    return this.rows[index];
  }

  find(id: string): RunInfo | undefined {
    return this.rows.find((run) => run?.id === id);
  }

  /** Makes sure that rows from..to (without it) come. */
  need(from: number, to: number): void {
    if (this.total === null || this.filter.state) return;
    const last = Math.min(to, this.total) - 1;

    for (let page = Math.floor(from / PAGE); page * PAGE <= last; page++) void this.page(page);
  }

  /** A run as it is now known to be, after it was changed. */
  replace(run: RunInfo): void {
    const at = this.rows.findIndex((row) => row?.id === run.id);

    if (at >= 0) this.rows[at] = run;
    this.changed();
  }

  private query(offset: number): RunQuery {
    const { state: _state, ...query } = this.filter;
    return { ...query, limit: PAGE, offset };
  }

  private async page(page: number): Promise<void> {
    if (this.asked.has(page)) return;
    this.asked.add(page);
    try {
      const list = await this.ask(this.query(page * PAGE));
      if (this.over) return;
      this.total = list.total;
      list.runs.forEach((run, i) => (this.rows[page * PAGE + i] = run));
      this.error = null;
    } catch (e) {
      if (this.over) return;
      this.asked.delete(page);
      this.error = e;
    }
    this.changed();
  }

  private async readAll(): Promise<void> {
    try {
      for (let offset = 0, end = 1; offset < Math.min(end, ALL_MAX); offset += PAGE) {
        const list = await this.ask(this.query(offset));
        if (this.over) return;
        end = list.total;
        this.rows.push(...list.runs.filter((run) => run.state === this.filter.state));
      }
      this.total = this.rows.length;
    } catch (e) {
      if (this.over) return;
      this.error = e;
    }
    this.changed();
  }
}
