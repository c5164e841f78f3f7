package dev.hone.fake;

import dev.hone.Batch;
import dev.hone.Cancellation;
import dev.hone.HoneException.CancelledException;
import dev.hone.HoneException.DeadlineException;
import dev.hone.InputCheck;
import dev.hone.RunOptions;
import dev.hone.Tensor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * One run of a {@link FakeSession}. It has copies of the inputs, so that the caller may close its
 * batch at any time.
 */
final class FakeCall implements AutoCloseable {
  private final FakeModel model;
  private final InputCheck check;
  private final RunOptions options;
  private final long startNanos = System.nanoTime();
  private final long[] lengths;
  private final int[] wanted;
  private final Batch in;
  private final CountDownLatch stopped = new CountDownLatch(1);
  private final List<Cancellation.Registration> registrations = new ArrayList<>();

  FakeCall(FakeModel model, InputCheck check, Batch in, RunOptions options) {
    InputCheck.requireOptions(options);
    this.model = model;
    this.check = check;
    this.options = options;
    this.lengths = new long[check.symbolCount()];
    check.resolve(in, new int[check.inputCount()], lengths);
    this.wanted = options.outputs().stream().mapToInt(check::output).toArray();
    in.hold(); // finds out what is closed, in the words that every runtime uses
    try {
      this.in = copy(in);
    } finally {
      in.release();
    }
    options.cancellation().ifPresent(this::stopWith);
  }

  private static Batch copy(Batch batch) {
    List<Tensor> tensors = new ArrayList<>();
    try {
      for (int i = 0; i < batch.size(); i++) {
        Tensor tensor = batch.tensor(i);
        Tensor copy = Tensor.allocate(tensor.type(), tensor.shape());
        tensors.add(copy);
        copy.copyFrom(tensor);
      }
    } catch (RuntimeException e) { // another thread closed the batch
      tensors.forEach(Tensor::close);
      throw e;
    }
    return Batch.of(batch.names(), tensors);
  }

  void stopWith(Cancellation cancellation) {
    registrations.add(cancellation.onCancel(stopped::countDown));
  }

  void requireOutputs(Batch out) {
    check.resolveOutputs(out, new int[check.outputCount()], lengths.clone());
  }

  /** The outputs that the options ask for. */
  Batch compute() {
    Batch all = computeAll();
    if (wanted.length == 0) {
      return all;
    }
    List<String> names = model.signature().outputNames();
    for (int i = 0; i < names.size(); i++) {
      if (!options.outputs().contains(names.get(i))) {
        all.tensor(i).close();
      }
    }
    return Batch.of(options.outputs(), options.outputs().stream().map(all::get).toList());
  }

  /** All outputs, in the signature's order. */
  Batch computeAll() {
    pause(model.delay(in));
    RuntimeException failure = model.failure();
    if (failure != null) {
      throw failure;
    }
    Batch result = model.compute(in);
    try {
      requireNotStopped();
      return inOrder(result);
    } catch (RuntimeException e) {
      result.close();
      throw e;
    }
  }

  private void pause(Duration delay) {
    long endNanos = startNanos + delay.toNanos();
    if (options.timeoutNanos() > 0) {
      endNanos = Math.min(endNanos - startNanos, options.timeoutNanos()) + startNanos;
    }
    boolean interrupted = false;
    for (long left; (left = endNanos - System.nanoTime()) > 0; ) {
      try {
        if (stopped.await(left, TimeUnit.NANOSECONDS)) {
          break;
        }
      } catch (InterruptedException e) {
        interrupted = true; // as a native run, which knows no interrupts
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    requireNotStopped();
  }

  private void requireNotStopped() {
    if (stopped.getCount() == 0) {
      throw new CancelledException("The run was cancelled by its caller.");
    }
    long timeoutNanos = options.timeoutNanos();
    if (timeoutNanos > 0 && System.nanoTime() - startNanos >= timeoutNanos) {
      throw new DeadlineException(
          "The run was stopped because it did not finish within "
              + timeoutNanos / 1e6
              + " ms. Allow more time, or give smaller inputs.");
    }
  }

  private Batch inOrder(Batch result) {
    for (int i = 0; i < result.size(); i++) {
      for (int j = 0; j < in.size(); j++) {
        if (result.tensor(i) == in.tensor(j)) {
          throw brokenPromise("it gave back its own input '" + in.name(j) + "'; give a copy.");
        }
      }
    }
    int[] positions = new int[check.outputCount()];
    try {
      check.resolveOutputs(result, positions, lengths.clone());
    } catch (IllegalArgumentException e) {
      throw brokenPromise(String.valueOf(e.getMessage()));
    }
    List<String> names = model.signature().outputNames();
    if (result.size() != names.size()) {
      throw brokenPromise("it gave " + result.names() + " in place of all of " + names + ".");
    }
    return Batch.of(names, names.stream().map(result::get).toList());
  }

  private static IllegalStateException brokenPromise(String how) {
    return new IllegalStateException(
        "The function of a fake model must give what its signature says, but: " + how);
  }

  @Override
  public void close() {
    registrations.forEach(Cancellation.Registration::close);
    in.close();
  }
}
