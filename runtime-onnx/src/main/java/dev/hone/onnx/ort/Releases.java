package dev.hone.onnx.ort;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;

/**
 * What must be let go of, the last first. Whoever acquires several things one after the other has
 * each of them owned at once, and closes this when acquiring the next one fails. Not thread-safe.
 */
final class Releases implements AutoCloseable {
  private final Deque<Runnable> releases = new ArrayDeque<>();

  /** Owns a thing, and gives it back to the caller; where even that fails, it is released. */
  <T> T own(T thing, Consumer<? super T> release) {
    try {
      releases.push(() -> release.accept(thing));
    } catch (Error e) {
      release.accept(thing);
      throw e;
    }
    return thing;
  }

  /** Releases everything, once, whatever is thrown on the way; the first of that comes last. */
  @Override
  public void close() {
    try {
      while (!releases.isEmpty()) {
        releases.pop().run();
      }
    } catch (RuntimeException | Error e) {
      try {
        close(); // the others
      } catch (RuntimeException | Error another) {
        e.addSuppressed(another);
      }
      throw e;
    }
  }
}
