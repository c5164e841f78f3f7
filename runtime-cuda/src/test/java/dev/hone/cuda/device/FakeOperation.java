package dev.hone.cuda.device;

import dev.hone.cuda.device.FakeHeap.Access;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * One thing queued on a stream.
 *
 * @param what a word for it in messages
 * @param timeline the stream's number
 * @param tick its place on the stream
 * @param clock what it is ordered after
 * @param accesses what it uses
 * @param ready whether it may run now; it holds its stream up until then
 * @param action what it does
 */
record FakeOperation(
    String what,
    int timeline,
    int tick,
    FakeClock clock,
    List<Access> accesses,
    BooleanSupplier ready,
    Runnable action) {
  boolean follows(int otherTimeline, int otherTick) {
    return clock.includes(otherTimeline, otherTick);
  }
}
