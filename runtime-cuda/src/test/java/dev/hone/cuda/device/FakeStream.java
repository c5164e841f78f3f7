package dev.hone.cuda.device;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A stream of a {@link FakeCuda}: a queue, the clock at its end, and the capture it is part of. */
final class FakeStream {
  final int timeline;
  final FakeClock clock = new FakeClock();
  final ArrayDeque<FakeOperation> queue = new ArrayDeque<>();
  @Nullable Capture capture;

  FakeStream(int timeline) {
    this.timeline = timeline;
  }

  /** What streams do while they capture. */
  static final class Capture {
    final FakeStream origin;
    final List<FakeOperation> operations = new ArrayList<>();
    final List<FakeStream> joined = new ArrayList<>();
    boolean broken;

    Capture(FakeStream origin) {
      this.origin = origin;
      joined.add(origin);
    }
  }

  /** What an event stands for since it was last recorded. */
  static final class Recording {
    final FakeClock clock;
    final @Nullable Capture capture;
    boolean done;

    Recording(FakeClock clock, @Nullable Capture capture) {
      this.clock = clock;
      this.capture = capture;
    }
  }
}
