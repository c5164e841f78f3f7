package dev.hone.onnx.ort;

import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Lanes that wait for their next run. Each thread looks first where it looked last time, so that in
 * a steady program it finds its own lane, with its own tensors still bound.
 */
final class Lanes {
  private static final int SLOTS = 64; // a power of two; more callers at once make and drop lanes

  private final AtomicReferenceArray<@Nullable Lane> waiting = new AtomicReferenceArray<>(SLOTS);
  private final Supplier<Lane> maker;

  Lanes(Supplier<Lane> maker) {
    this.maker = maker;
  }

  Lane take() {
    int home = home();
    for (int i = 0; i < SLOTS; i++) {
      int slot = (home + i) & (SLOTS - 1);
      if (waiting.getPlain(slot) != null) {
        Lane lane = waiting.getAndSet(slot, null);
        if (lane != null) {
          return lane;
        }
      }
    }
    return maker.get();
  }

  void give(Lane lane) {
    int home = home();
    for (int i = 0; i < SLOTS; i++) {
      int slot = (home + i) & (SLOTS - 1);
      if (waiting.getPlain(slot) == null && waiting.compareAndSet(slot, null, lane)) {
        return;
      }
    }
    lane.close();
  }

  /** Closes the lanes that wait. Nobody may take or give one any more. */
  void close() {
    for (int i = 0; i < SLOTS; i++) {
      Lane lane = waiting.getAndSet(i, null);
      if (lane != null) {
        lane.close();
      }
    }
  }

  private static int home() {
    return (int) Thread.currentThread().getId() & (SLOTS - 1);
  }
}
