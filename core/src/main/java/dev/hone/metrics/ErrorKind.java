package dev.hone.metrics;

/** Why a call failed. A closed list: it is a tag of metrics, and tags must be few. */
public enum ErrorKind {
  /** An input that the model does not take. */
  INPUT,
  /** The session or an input was closed. */
  CLOSED,
  /** No native memory. */
  MEMORY,
  /** The runtime reported a failure. */
  RUNTIME,
  /** Anything else, most often a mistake in code. */
  OTHER
}
