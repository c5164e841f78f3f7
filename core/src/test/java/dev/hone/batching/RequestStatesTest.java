package dev.hone.batching;

import static org.jetbrains.lincheck.datastructures.ManagedStrategyGuaranteeKt.forClasses;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.HoneException;
import dev.hone.RunOptions;
import dev.hone.Shape;
import dev.hone.Signature;
import dev.hone.Tensor;
import dev.hone.memory.Memory;
import dev.hone.metrics.Dispatch;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The life of a request of two rows, each of which goes with a flight of its own, while others
 * cancel it. Lincheck tries how the steps of its threads can interleave, and compares what they see
 * with what one thread could see in some order ({@link Alone}). Whatever comes, what must happen
 * once happens once.
 */
public class RequestStatesTest {
  private static final int ROWS = 2;

  private final AtomicInteger inputsFreed = new AtomicInteger();
  private final AtomicInteger partsFreed = new AtomicInteger();
  private final AtomicInteger left = new AtomicInteger();
  private final AtomicInteger answered = new AtomicInteger();
  private final AtomicInteger completed = new AtomicInteger();
  private final AtomicInteger flown = new AtomicInteger(); // rows taken
  private final boolean[] delivered = new boolean[ROWS];
  private final Flight[] flights = new Flight[ROWS];
  private final Batch parts = batch(partsFreed);
  private final Request request;
  private boolean removed; // from the waiting room

  /** A request that waits. */
  public RequestStatesTest() {
    Signature.Value value =
        Signature.Value.tensor("x", DataType.FLOAT32, Signature.Dimension.of("rows"));
    OutputShapes shapes = OutputShapes.unknown(new Signature(List.of(value), List.of(value)));
    Port[] ports = {new Port("x", DataType.FLOAT32, 1, List.of(), 0)};
    Batch in = batch(inputsFreed);
    Kind kind = Kind.of(ports, in, List.of(), new int[] {0}, shapes);
    request = new AsyncRequest(new Counting(), this, kind, in, 1, 0, RunOptions.DEFAULT, 0);
    request.holdTensors();
    in.close();
    for (int row = 0; row < ROWS; row++) {
      flights[row] = new Flight(kind, Dispatch.READY, 0, 1);
    }
  }

  /** Two numbers that are nowhere: nobody looks at them, only when they go. */
  private static Batch batch(AtomicInteger freed) {
    Memory memory = Memory.adopt(64, ROWS * Float.BYTES, freed::incrementAndGet);
    return Batch.of("x", Tensor.of(DataType.FLOAT32, Shape.of(ROWS), memory));
  }

  private final class Counting implements RequestEvents {
    @Override
    public void leftQueue(Request request) {
      left.incrementAndGet();
    }

    @Override
    public void answered(Request request, Flight flight) {
      answered.incrementAndGet();
    }

    @Override
    public void failed(AsyncRequest request, Failure failure) {
      completed.incrementAndGet();
    }

    @Override
    public void finish(Answers answers) {
      answers.complete(Runnable::run, request -> completed.incrementAndGet());
    }
  }

  /** The former takes the next row, as {@link BatchFormer} does under its lock. */
  @Operation(nonParallelGroup = "former")
  public boolean take() {
    if (removed) {
      return false;
    }
    int row = request.takenRows;
    flights[row].board();
    if (!request.claim(flights[row])) {
      flights[row].abandonedByOne();
      removed = true; // as WaitingRoom.discard
      if (request.takenRows > 0) {
        left.incrementAndGet();
        request.endUse();
      }
      return false;
    }
    request.addUse();
    request.takenRows = row + 1;
    if (row + 1 == ROWS) {
      removed = true;
      left.incrementAndGet();
      request.endUse();
    }
    flown.set(row + 1);
    return true;
  }

  /** The lane of the first row delivers, as {@link Joiner} does. */
  @Operation(nonParallelGroup = "first")
  public boolean deliverFirst() {
    return deliver(0);
  }

  /** The lane of the second row delivers. */
  @Operation(nonParallelGroup = "second")
  public boolean deliverSecond() {
    return deliver(1);
  }

  private boolean deliver(int row) {
    if (flown.get() <= row || delivered[row]) {
      return false;
    }
    delivered[row] = true;
    boolean begun = request.beginDelivery();
    if (begun) {
      request.endDelivery(flights[row], 1, parts);
      flights[row].tell();
    }
    request.endUse();
    return begun;
  }

  /** Someone ends it early. */
  @Operation
  public boolean cancel() {
    return request.settle(new HoneException("cancelled"));
  }

  /** Someone looks. */
  @Operation
  public boolean isLive() {
    return request.isLive();
  }

  /** Lets it end, and counts. */
  @Validate
  public void eachOnce() {
    request.settle(new HoneException("the end"));
    while (!removed && (request.takenRows > 0 || left.get() == 0)) {
      take();
    }
    deliver(0);
    deliver(1);
    boolean wasAnswered = answered.get() == 1;
    boolean wasBegun = partsFreed.get() == 1;
    if (wasAnswered || !wasBegun) {
      parts.close();
    }
    if (completed.get() != 1
        || left.get() != 1
        || inputsFreed.get() != 1
        || answered.get() > 1
        || partsFreed.get() != 1
        || (wasAnswered && wasBegun)) {
      throw new IllegalStateException(
          "completed "
              + completed
              + ", left the queue "
              + left
              + ", inputs freed "
              + inputsFreed
              + ", answered "
              + answered
              + ", parts freed "
              + partsFreed);
    }
  }

  /** The same without threads. */
  public static final class Alone {
    private int taken;
    private final boolean[] delivered = new boolean[ROWS];
    private boolean over;

    public boolean take() {
      if (over || taken == ROWS) {
        return false;
      }
      taken++;
      return true;
    }

    public boolean deliverFirst() {
      return deliver(0);
    }

    public boolean deliverSecond() {
      return deliver(1);
    }

    private boolean deliver(int row) {
      if (taken <= row || delivered[row] || over) {
        return false;
      }
      delivered[row] = true;
      over = delivered[0] && delivered[1];
      return true;
    }

    public boolean cancel() {
      boolean was = over;
      over = true;
      return !was;
    }

    public boolean isLive() {
      return !over;
    }
  }

  @Test
  @Tag("slow")
  void whateverInterleavesLooksAsIfOneCameAfterTheOther() {
    new ModelCheckingOptions()
        .iterations(20)
        .invocationsPerIteration(500)
        .threads(3)
        .actorsPerThread(2)
        .actorsBefore(1)
        .actorsAfter(1)
        .sequentialSpecification(Alone.class)
        .addGuarantee(
            forClasses(Memory.class.getName(), Batch.class.getName(), Tensor.class.getName())
                .allMethods()
                .treatAsAtomic())
        .check(RequestStatesTest.class);
  }
}
