// Asking for something once, with its three ends: waiting, failed, there.
import { useCallback, useEffect, useState } from "preact/hooks";
import { reasonOf } from "./api";

export interface Loaded<T> {
  data: T | null; // the last that came, kept while it is asked for again
  error: string | null;
  loading: boolean;
  reload: () => void;
}

/** Asks whenever `deps` change. An answer that comes after a newer question is dropped. */
export function useLoad<T>(ask: () => Promise<T>, deps: unknown[]): Loaded<T> {
  const [state, setState] = useState<Omit<Loaded<T>, "reload">>({ data: null, error: null, loading: true });
  const [turn, setTurn] = useState(0);

  useEffect(() => {
    let current = true;
    setState((old) => ({ ...old, loading: true }));
    ask().then(
      (data) => current && setState({ data, error: null, loading: false }),
      (e: unknown) => current && setState((old) => ({ data: old.data, error: reasonOf(e), loading: false })),
    );
    return () => {
      current = false;
    };
  }, [...deps, turn]);

  return { ...state, reload: useCallback(() => setTurn((n) => n + 1), []) };
}
