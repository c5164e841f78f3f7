package dev.hone.shadow;

/** Whether the fast model still agrees with the baseline. */
public enum Agreement {
  /** As far as was seen, it does. */
  OK,
  /** It may not: more answers differ than should, but chance could still explain it. */
  WARN,
  /** It does not. Stays so until {@link Shadow#reset}. */
  DRIFT
}
