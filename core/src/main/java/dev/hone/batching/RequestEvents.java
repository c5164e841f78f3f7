package dev.hone.batching;

import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;

/** What a request tells its batcher. */
interface RequestEvents {
  /** Where nobody wants to know. */
  RequestEvents NOBODY =
      new RequestEvents() {
        @Override
        public void leftQueue(Request request) {}

        @Override
        public void answered(Request request, Flight flight) {}

        @Override
        public void failed(AsyncRequest request, Failure failure) {}

        @Override
        public void finish(Answers answers) {}
      };

  /** Where the dependents of futures run. */
  default Executor callbacks() {
    return ForkJoinPool.commonPool();
  }

  /** It ended before anything of it ran. */
  void leftQueue(Request request);

  /** It is going to end with results, the last of which came from this flight. */
  void answered(Request request, Flight flight);

  /** It failed, and nobody blocks for it: it is to be {@linkplain AsyncRequest#finish finished}. */
  void failed(AsyncRequest request, Failure failure);

  /** These were answered, and nobody blocks for them: they are to be finished. */
  void finish(Answers answers);
}
