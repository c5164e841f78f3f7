package dev.hone.benchmarks.batching;

import dev.hone.Batch;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Requests of a workload in batches of so many rows that were joined beforehand, those of like
 * length together. The longest come first: when there is nothing left for all lanes, only short
 * ones are still running.
 */
final class Prepared implements AutoCloseable {
  /**
   * One batch.
   *
   * @param input its rows
   * @param requests which requests they are
   */
  record Part(Batch input, List<Integer> requests) {}

  private final List<Part> parts;

  /** Joins all requests of a workload, which stay its own. */
  Prepared(Workload workload, int rows) {
    List<Batch> requests = workload.requests();
    List<Integer> order =
        IntStream.range(0, requests.size())
            .boxed()
            .sorted(
                Comparator.comparingLong(i -> -requests.get(i).tensor(0).shape().elementCount()))
            .toList();
    parts =
        IntStream.iterate(0, from -> from < order.size(), from -> from + rows)
            .mapToObj(from -> order.subList(from, Math.min(order.size(), from + rows)))
            .map(
                some ->
                    new Part(FifoBatcher.joined(some.stream().map(requests::get).toList()), some))
            .toList();
  }

  /** The batches, in the order in which they shall run. */
  List<Part> parts() {
    return parts;
  }

  @Override
  public void close() {
    parts.forEach(part -> part.input.close());
  }
}
